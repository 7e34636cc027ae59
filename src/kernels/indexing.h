// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "kernels/specs.h"
#include "relevid/tensor.h"
#include "tensor/strides.h"

namespace relevid::kernels {

/// Strides and offset of every step-th element from `begin` on, in a row-major tensor.
struct Placement {
  std::vector<int64_t> strides;
  int64_t offset = 0;
};

/// Where begin + i step lies in a tensor of `shape`.
inline Placement place_in(const Shape& shape, std::span<const int64_t> begin, std::span<const int64_t> step) {
  Placement result{shape.strides(), 0};
  for (size_t axis = 0; axis < result.strides.size(); ++axis) {
    result.offset += begin[axis] * result.strides[axis];
    result.strides[axis] *= step[axis];
  }
  return result;
}

/// How many taps of a window at output position `o` lie in [low, high), along one axis.
inline int64_t taps_inside(int64_t o, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad,
                           int64_t low, int64_t high) {
  int64_t count = 0;
  for (int64_t k = 0; k < kernel; ++k) {
    const int64_t at = o * stride - pad + k * dilation;
    count += at >= low && at < high ? 1 : 0;
  }
  return count;
}

/// The average's divisor at one output position.
inline double average_divisor(const AveragePoolSpec& spec, const Shape& volume, int64_t t, int64_t h,
                              int64_t w) {
  const Extent at{t, h, w};
  double count = 1;
  for (size_t i = 0; i < 3; ++i) {
    const int64_t size = volume[static_cast<int64_t>(i) + 2];
    count *= static_cast<double>(taps_inside(at[i], spec.kernel[i], spec.strides[i], spec.dilations[i],
                                             spec.pads_begin[i], -spec.counted_begin[i],
                                             size + spec.counted_end[i]));
  }
  return std::max(count, 1.0);
}

}  // namespace relevid::kernels
