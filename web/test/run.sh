#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [unit|browser|real|update]: the page's tests; without a word, unit and browser. real are those of pages that the
# command made; update takes today's screenshots as the baselines. Status 77 where something they need is missing.
#
#   RELEVID_PAGE_HTML      the built page; default: web/dist/page.html
#   RELEVID_PAGE_PACKAGES  folder with node_modules; default: web/
#   RELEVID_ARTEFACTS      where screenshots and made pages go; default: web/dist/artefacts
#   RELEVID_PAGES          of real: the folder that tests/page/make_pages.sh filled
#   RELEVID_CHROMIUM       the browser; default: /usr/bin/chromium
set -eu
web=$(cd "$(dirname "$0")/.." && pwd)
what=${1:-all}
packages=${RELEVID_PAGE_PACKAGES:-$web}
export RELEVID_PAGE_HTML="${RELEVID_PAGE_HTML:-$web/dist/page.html}"
export RELEVID_ARTEFACTS="${RELEVID_ARTEFACTS:-$web/dist/artefacts}"
export RELEVID_BASELINES="$web/test/baselines"
export RELEVID_CHROMIUM="${RELEVID_CHROMIUM:-/usr/bin/chromium}"

skip() {
  echo "SKIPPED: $1" >&2
  exit 77
}

case $what in
  all | unit | browser | real | update) ;;
  *)
    echo "run.sh: unknown word '$what'; there are unit, browser, real and update" >&2
    exit 2
    ;;
esac
command -v node >/dev/null || skip "node is not there (Debian: apt-get install nodejs npm)"
[ -d "$packages/node_modules/esbuild" ] || skip "no packages in $packages/node_modules; build the page, or run npm ci"
mkdir -p "$RELEVID_ARTEFACTS"

# Packages are found upwards from the files that name them: those tests run in a copy that has them beside it.
at=$web
if [ "$packages" != "$web" ]; then
  at=$RELEVID_ARTEFACTS/copy-$what
  rm -rf "$at"
  mkdir -p "$at"
  (cd "$web" && cp -R src test package.json tsconfig.json tsconfig.test.json "$at")
  ln -s "$packages/node_modules" "$at/node_modules"
fi
cd "$at"

if [ "$what" = all ] || [ "$what" = unit ]; then
  node node_modules/typescript/bin/tsc -p tsconfig.test.json
  node test/unit/run.mjs
fi
[ "$what" != unit ] || exit 0

[ -x "$RELEVID_CHROMIUM" ] || skip "$RELEVID_CHROMIUM is not there (Debian: apt-get install chromium)"
[ -s "$RELEVID_PAGE_HTML" ] || skip "$RELEVID_PAGE_HTML is not there or empty: the page was not built"
if [ "$what" = update ]; then export RELEVID_UPDATE_BASELINES=1; fi
if [ "$what" = real ]; then
  exec node --test-reporter=spec test/browser/main.mjs real
fi
node test/fixtures/write.mjs "$RELEVID_PAGE_HTML" "$RELEVID_ARTEFACTS/pages"
exec node --test-reporter=spec test/browser/main.mjs
