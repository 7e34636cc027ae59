// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "relevid/tensor.h"

namespace relevid::kernels::onednn {

/// to[Σ i to_strides] = from[Σ i from_strides] for every index i of `shape`, in parallel. Strides in floats;
/// those of `to` lead to different elements. What moves rows, moves them whole; what turns them, in tiles.
void copy_strided(const float* from, const std::vector<int64_t>& from_strides, float* to,
                  const std::vector<int64_t>& to_strides, const Shape& shape);

}  // namespace relevid::kernels::onednn
