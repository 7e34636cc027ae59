#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plants include lines in a small tree of modules and sees that check_walls.sh finds those, and only those, that cross.
set -euo pipefail
check=$(realpath "$(dirname "${BASH_SOURCE[0]}")/check_walls.sh")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# verdict FILE LINE: prints what check_walls.sh says of a tree with just this line in this file.
verdict() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree/include" "$tree/src" "$tree/$(dirname "$1")"
  printf '#pragma once\n%s\n' "$2" >"$tree/$1"
  "$check" "$tree" 2>&1
}

refused() {
  local said
  if said=$(verdict "$1" "$2"); then
    echo "not found: $1: $2"
    failures=$((failures + 1))
  elif [[ $said != "$1:2: "* && $said != "$1:1: "* ]]; then
    echo "badly reported: $1: $2: $said"
    failures=$((failures + 1))
  fi
}

allowed() {
  local said
  said=$(verdict "$1" "$2") && return
  echo "wrongly refused: $said"
  failures=$((failures + 1))
}

allowed src/base/a.cpp '#include <vector>'
allowed src/base/a.cpp '#include <nettle/sha2.h>'
allowed src/base/a.cpp '#include "relevid/error.h"'
allowed src/base/a.cpp '// #include <dnnl.hpp>'
allowed src/tensor/a.cpp '#include <zip.h>'
allowed src/kernels/onednn/a.cpp '#include <oneapi/dnnl/dnnl.hpp>'
allowed src/kernels/onednn/a.cpp '#include "kernels/kernels.h"'
allowed src/kernels/onednn/a.cpp '#include "kernels/onednn/cache.h"'
allowed src/network/a.cpp '#include "kernels/kernels.h"'
allowed src/video/a.cpp '#include <libavformat/avformat.h>'
allowed src/clips/a.cpp '#include "relevid/video.h"'
allowed src/data/a.cpp '#include "relevid/video.h"'
allowed src/data/a.cpp '#include "relevid/dataset.h"'
allowed src/run/a.cpp '#include <sqlite3.h>'
allowed src/audit/a.cpp '#include "run/run_reader.h"'
allowed src/evaluate/a.cpp '#include "run/database.h"'
allowed src/evaluate/a.cpp '#include "statistics/bootstrap.h"'
allowed src/statistics/a.cpp '#include <boost/math/distributions/normal.hpp>'
allowed src/report/a.cpp '#include <cairo.h>'
allowed src/report/a.cpp '#include <pango/pangocairo.h>'
allowed src/api/a.cpp '#include "onnx/reader.h"'
allowed src/api/a.cpp '#include "relevid/explain.h"'
allowed src/cli/a.cpp '#include "relevid/explain.h"'
allowed src/cli/a.cpp '#include <CLI/CLI.hpp>'
allowed include/relevid/a.h '#include "relevid/error.h"'

refused src/base/a.cpp '#include "tensor/npy.h"'
refused src/base/a.cpp '#include "relevid/tensor.h"'
refused src/data/a.cpp '#include "relevid/sampling.h"'
refused src/data/a.cpp '#include "video/decoder.h"'
refused src/tensor/a.cpp '  #  include "graph/graph.h"'
refused src/graph/a.cpp '#include <onnx/onnx_pb.h>'
refused src/onnx/a.cpp '#include <nlohmann/json.hpp>'
refused src/kernels/a.h '#include <dnnl.hpp>'
refused src/kernels/onednn/a.cpp '#include "kernels/reference/loops.h"'
refused src/kernels/reference/a.cpp '#include "kernels/onednn/cache.h"'
refused src/network/a.cpp '#include "kernels/onednn/cache.h"'
refused src/network/a.cpp '#include "kernels/other.h"'
refused src/explain/a.cpp '#include "relevid/video.h"'
refused src/explain/a.cpp '#include "onnx/reader.h"'
refused src/clips/a.cpp '#include "video/decoder.h"'
refused src/clips/a.cpp '#include <libswscale/swscale.h>'
refused src/report/a.cpp '#include "relevid/sampling.h"'
refused src/report/a.cpp '#include <sqlite3.h>'
refused src/run/a.cpp '#include "audit/report.h"'
refused src/run/a.cpp '#include "statistics/estimate.h"'
refused src/statistics/a.cpp '#include "run/manifest.h"'
refused src/audit/a.cpp '#include "evaluate/store.h"'
refused src/audit/a.cpp '#include <sqlite3.h>'
refused src/evaluate/a.cpp '#include "audit/report.h"'
refused src/audit/a.cpp '#include <boost/math/distributions/normal.hpp>'
refused src/evaluate/a.cpp '#include <sqlite3.h>'
refused src/evaluate/a.cpp '#include "relevid/explain.h"'
refused src/api/a.cpp '#include "cli/explain.h"'
refused src/cli/a.cpp '#include "explain/rules.h"'
refused src/cli/a.cpp '#include <cairo/cairo.h>'
refused src/api/a.cpp '#include <pango/pangocairo.h>'
refused src/base/a.cpp '#include "hash.h"'
refused src/base/a.cpp '#include "../tensor/npy.h"'
refused src/base/a.cpp '#include HEADER'
refused src/base/a.cpp '#include <boost/any.hpp>'
refused src/base/a.cpp '#include "relevid/unheard_of.h"'
refused src/unheard_of/a.cpp '#include <vector>'
refused include/relevid/a.h '#include <fmt/format.h>'
refused include/relevid/a.h '#include <unistd.h>'
refused include/relevid/a.h '#include "base/hash.h"'
refused include/relevid/a.h '#ifdef __linux__'

((failures == 0)) || exit 1
echo "every planted line was judged rightly"
