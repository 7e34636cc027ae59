#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# reference.sh: writes the library's reference to build/docs/html. Status 1, and what is to be done, where Doxygen warns of
# anything but this: that a data member, or an operation that the compiler writes, has no comment of its own. Status 77
# where there is no Doxygen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v doxygen >/dev/null; then
  echo "SKIPPED: doxygen is not there (Debian: apt-get install doxygen)" >&2
  exit 77
fi
mkdir -p build/docs
rm -f build/docs/warnings.txt
doxygen docs/Doxyfile
self_evident='Member .*(\(variable\)|=default \(function\)|&&\) noexcept \(function\)) of (struct|class) .* is not documented'
if grep -v -E "$self_evident" build/docs/warnings.txt >&2; then exit 1; fi
[[ -s build/docs/html/index.html ]] || { echo "no reference was written" >&2 && exit 1; }
