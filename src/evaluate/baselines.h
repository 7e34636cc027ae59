// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "evaluate/regions.h"

namespace relevid::evaluate {

/// Uniform in [0, 1), one a region (or voxel): an order that knows nothing.
std::vector<double> random_scores(int64_t count, uint64_t seed);

/// [T, H, W]: a Gaussian around the middle of the clip, in space and time, σ a quarter of each side.
std::vector<float> centre_prior(const Volume& volume);

}  // namespace relevid::evaluate
