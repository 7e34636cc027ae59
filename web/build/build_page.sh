#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build_page.sh WEB WORK PACKAGES OUTPUT auto|on: builds the page of the folder WEB in a copy at WORK, with packages that
# several builds share at PACKAGES. WEB stays as it is. auto: where packages can't be had, OUTPUT is an empty file.
set -eu
web=$1
work=$2
packages=$3
output=$4
mode=$5

# The same sources give the same page: builds with other compiler settings take it over.
key=$(cd "$web" && find src build index.html package-lock.json tsconfig.json vite.config.mjs -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-32)
built=$packages/page-$key.html
mkdir -p "$(dirname "$output")" "$packages"
if [ ! -f "$built" ]; then
  if ! sh "$web/build/install.sh" "$web" "$packages"; then
    [ "$mode" = auto ] || exit 1
    echo "warning: relevid is built without its page; delete $output and build again to try once more" >&2
    : >"$output"
    exit 0
  fi
  rm -rf "$work"
  mkdir -p "$work"
  (cd "$web" && cp -R src build index.html package.json tsconfig.json vite.config.mjs "$work")
  ln -s "$packages/node_modules" "$work/node_modules"
  (cd "$work" && npm run --silent build)
  find "$packages" -maxdepth 1 -name 'page-*.html' -delete
  cp "$work/dist/page.html" "$built.$$"
  mv "$built.$$" "$built"
fi
cp "$built" "$output"
