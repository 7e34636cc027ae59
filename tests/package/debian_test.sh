#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# debian_test.sh BUILD FOLDER: makes the .deb in FOLDER and reads what it says of itself. With RELEVID_INSTALL_PACKAGE=1
# (.ci/run), as root, it is installed on this machine, used, and removed; otherwise its files are unpacked and used.
# Status 77: this is not Debian.
set -euo pipefail
build=$1
folder=$2

skip() {
  echo "SKIPPED: $1" >&2
  exit 77
}
fail() {
  echo "FAILED: $1" >&2
  exit 1
}
use() { # RELEVID
  "$1" --version
  "$1" create c3d --width 0.03 --size 32 --classes 4 --clip-len 8 --out "$folder/model.onnx" >/dev/null
  "$1" inspect "$folder/model.onnx" >"$folder/inspected"
  grep --quiet Convolution "$folder/inspected" || fail "inspect says: $(cat "$folder/inspected")"
}

command -v dpkg-shlibdeps >/dev/null || skip "dpkg-shlibdeps is not there (Debian: apt-get install dpkg-dev)"
rm -rf "$folder"
mkdir -p "$folder"
(cd "$folder" && cpack --config "$build/CPackConfig.cmake" -G DEB -B "$folder" >cpack.log) || fail "$(cat "$folder/cpack.log")"
deb=$(echo "$folder"/relevid_*.deb)
[[ -f $deb ]] || fail "cpack made no package: $(cat "$folder/cpack.log")"

depends=$(dpkg-deb --field "$deb" Depends)
for package in fonts-dejavu-core libc6 libstdc++6 libdnnl2 libavformat59 libcairo2 libpangocairo-1.0-0 libsqlite3-0 libzip4; do
  [[ " $depends" == *" $package"* ]] || fail "Depends lacks $package: $depends"
done
for field in Maintainer Section Description Architecture; do
  [[ -n $(dpkg-deb --field "$deb" "$field") ]] || fail "the package has no $field"
done
files=$(dpkg-deb --contents "$deb")
for file in bin/relevid include/relevid/explain.h share/doc/relevid/copyright share/man/man1/relevid.1 librelevid.so.0 \
  relevid-config.cmake relevid.pc; do
  grep --quiet "$file" <<<"$files" || fail "no $file in the package: $files"
done

if [[ ${RELEVID_INSTALL_PACKAGE:-} == 1 ]] && ((EUID == 0)); then
  if dpkg-query --show relevid >/dev/null 2>&1; then fail "a package relevid is installed here already"; fi
  trap 'dpkg --purge relevid >/dev/null 2>&1 || true' EXIT
  dpkg --install "$deb" || fail "the package cannot be installed"
  use /usr/bin/relevid
  ldconfig --print-cache | grep --quiet 'librelevid.so.0 ' || fail "the linker does not know librelevid.so.0"
  dpkg --purge relevid || fail "the package cannot be removed"
  [[ ! -e /usr/bin/relevid && ! -e /usr/include/relevid ]] || fail "the removed package left files"
else
  dpkg-deb --extract "$deb" "$folder/root"
  use "$folder/root/usr/bin/relevid"
fi
echo "$(basename "$deb"): $(stat --format=%s "$deb") bytes"
