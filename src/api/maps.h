// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "relevid/tensor.h"

namespace relevid {

/// Relevance [N, C, T, H, W] summed over channels: [N, T, H, W].
Tensor summed_over_channels(const Tensor& relevance);

/// The indices of at most `most` of `count` things, evenly spaced, the first and the last among them.
std::vector<size_t> evenly(size_t count, size_t most);

}  // namespace relevid
