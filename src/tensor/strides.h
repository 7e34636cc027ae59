// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "relevid/tensor.h"

namespace relevid {

/// Strides, in elements, that read a row-major tensor of shape `from` as if it were broadcast to `to`.
inline std::vector<int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  std::vector<int64_t> result(static_cast<size_t>(to.rank()), 0);
  const auto strides = from.strides();
  const int64_t shift = to.rank() - from.rank();
  for (int64_t i = 0; i < from.rank(); ++i) {
    if (from[i] != 1) result[static_cast<size_t>(i + shift)] = strides[static_cast<size_t>(i)];
  }
  return result;
}

/// Calls f(i, a, b) for every position of `shape` in row-major order: its rank i and its offsets by two sets
/// of strides.
template <class F>
void for_each_offsets(const Shape& shape, const std::vector<int64_t>& strides_a,
                      const std::vector<int64_t>& strides_b, F&& f) {
  const int64_t count = shape.elements();
  std::vector<int64_t> index(static_cast<size_t>(shape.rank()), 0);
  int64_t a = 0, b = 0;
  for (int64_t i = 0; i < count; ++i) {
    f(i, a, b);
    for (size_t axis = index.size(); axis-- > 0;) {
      a += strides_a[axis];
      b += strides_b[axis];
      if (++index[axis] < shape[static_cast<int64_t>(axis)]) break;
      a -= strides_a[axis] * index[axis];
      b -= strides_b[axis] * index[axis];
      index[axis] = 0;
    }
  }
}

/// Calls f(i, offset) for every position of `shape` in row-major order.
template <class F>
void for_each_offset(const Shape& shape, const std::vector<int64_t>& strides, F&& f) {
  for_each_offsets(shape, strides, strides, [&](int64_t i, int64_t offset, int64_t) { f(i, offset); });
}

}  // namespace relevid
