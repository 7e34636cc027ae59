// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "relevid/explain.h"
#include "run/rows.h"

namespace relevid {

/// Of one clip: `position` [1, T', H', W'] beside the relevance [1, C, T, H, W] that reached its frames,
/// frame t being of step floor(t T' / T). Nothing where `position` has no elements.
std::optional<run::PositionFinding> position_finding(const Tensor& position, const Tensor& relevance,
                                                     double start);

}  // namespace relevid
