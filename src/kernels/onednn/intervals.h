// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

namespace relevid::kernels::onednn {

/// Positions o in [0, out) with 0 <= o stride + shift < in, as [begin, end).
inline std::pair<int64_t, int64_t> inside(int64_t out, int64_t in, int64_t stride, int64_t shift) {
  const int64_t begin = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  const int64_t end = shift >= in ? 0 : std::min(out, (in - 1 - shift) / stride + 1);
  return {std::min(begin, end), end};
}

}  // namespace relevid::kernels::onednn
