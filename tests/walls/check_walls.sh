#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check_walls.sh ROOT: fails where an include line of ROOT/src or ROOT/include crosses a wall (see walls.awk).
set -euo pipefail
walls=$(realpath "$(dirname "${BASH_SOURCE[0]}")/walls.awk")
cd "$1"
mapfile -t sources < <(find include src -name '*.h' -o -name '*.cpp' | sort)
((${#sources[@]} > 0)) || { echo "no sources below $1" >&2 && exit 2; }
awk -f "$walls" "${sources[@]}"
echo "${#sources[@]} files keep the walls"
