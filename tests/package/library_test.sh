#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# library_test.sh SOURCE BUILD FOLDER: installs into FOLDER, builds examples/explain_a_clip against what is installed, as
# others would, and runs it on a model and a video that the installed command makes.
set -euo pipefail
source=$1
build=$2
folder=$3
prefix=$folder/prefix
rm -rf "$folder"
mkdir -p "$folder"

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

cmake --install "$build" --prefix "$folder/first" >/dev/null
mv "$folder/first" "$prefix" # nothing in it may depend on where it was put at first
diff -r "$source/include/relevid" "$prefix/include/relevid" || fail "the installed headers are not the tree's"

# Copied: nothing of the tree is to be found from there.
cp -R "$source/examples/explain_a_clip" "$folder/example"
cmake -S "$folder/example" -B "$folder/example/build" -G Ninja -D CMAKE_PREFIX_PATH="$prefix" >"$folder/configure.log" ||
  fail "the example cannot be configured: $(cat "$folder/configure.log")"
cmake --build "$folder/example/build" >"$folder/build.log" || fail "the example cannot be built: $(cat "$folder/build.log")"

relevid=$prefix/bin/relevid
"$relevid" generate "$folder/videos" --videos 1 --frames 20 --size 40 --val-share 0 >/dev/null
"$relevid" create c3d --width 0.03 --size 32 --classes 4 --clip-len 8 --out "$folder/model.onnx" >/dev/null
video=$folder/videos/videos/000000.mp4
"$folder/example/build/explain_a_clip" "$folder/model.onnx" "$video" >"$folder/printed"

# What the example prints is what the command records.
"$relevid" explain "$folder/model.onnx" "$video" --method deep_taylor --no-film --out "$folder/explained" >/dev/null
(($(wc -l <"$folder/printed") == 9)) || fail "not a line for the class and eight frames: $(cat "$folder/printed")"
grep --quiet --fixed-strings "$(head -n 1 "$folder/printed")" "$folder/explained/000000.json" ||
  fail "the predicted class is not the command's: $(cat "$folder/printed")"
awk '/^frame/ { sum += $3 } END { exit !(sum > 0.99 && sum < 1.01) }' "$folder/printed" ||
  fail "shares do not sum to 1: $(cat "$folder/printed")"

# An error crosses from the library as relevid::Error: of kind I/O, status 5.
status=0
"$folder/example/build/explain_a_clip" "$folder/missing.onnx" "$video" 2>"$folder/error" || status=$?
((status == 5)) || fail "a missing model ends with status $status: $(cat "$folder/error")"

# The program of docs/user/library.md is the example.
document=$source/docs/user/library.md
block() { # LANGUAGE: the document's block of code in it
  awk -v begin="\`\`\`$1" '$0 == "```" { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$document"
}
awk '/^#include/ { inside = 1 } inside' "$folder/example/explain_a_clip.cpp" | diff - <(block cpp) ||
  fail "the program in docs/user/library.md is not examples/explain_a_clip/explain_a_clip.cpp"
block cmake | diff - "$folder/example/CMakeLists.txt" ||
  fail "the CMakeLists.txt in docs/user/library.md is not the example's"

# pkg-config's flags are enough for a compiler alone.
pc=$(find "$prefix" -name relevid.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
libraries=$(pkg-config --variable=libdir relevid)
printf '%s\n' '#include <relevid/error.h>' 'int main() { return relevid::exit_status(relevid::ErrorKind::kIo) - 5; }' >"$folder/small.cpp"
# shellcheck disable=SC2046 # flags are words
c++ "$folder/small.cpp" $(pkg-config --cflags --libs relevid) -o "$folder/small" || fail "pkg-config's flags do not do"
LD_LIBRARY_PATH=$libraries "$folder/small" || fail "a program linked by pkg-config's flags does not run"
[[ -L $libraries/librelevid.so.0 ]] || fail "no librelevid.so.0 in $libraries"
echo "the example runs: $(head -n 2 "$folder/printed" | tr '\n' ' ')"
