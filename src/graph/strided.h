// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "relevid/tensor.h"
#include "tensor/strides.h"

namespace relevid::graph {

/// Copies a block of `shape` between two tensors of one type; offsets and strides in elements.
inline void copy_strided(const Tensor& from, int64_t from_offset, const std::vector<int64_t>& from_strides,
                         Tensor& to, int64_t to_offset, const std::vector<int64_t>& to_strides,
                         const Shape& shape) {
  const auto width = static_cast<size_t>(size_bytes(from.dtype()));
  for_each_offsets(shape, from_strides, to_strides, [&](int64_t, int64_t a, int64_t b) {
    std::copy_n(from.bytes().data() + static_cast<size_t>(from_offset + a) * width, width,
                to.bytes().data() + static_cast<size_t>(to_offset + b) * width);
  });
}

}  // namespace relevid::graph
