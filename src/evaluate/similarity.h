// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "evaluate/regions.h"

namespace relevid::evaluate {

// How similar two maps [T, H, W] are.

/// Ranks from 1, those of equal values their mean.
std::vector<double> ranks(std::span<const float> values);
/// Pearson's correlation; NaN where one side is constant. Of ranks it is Spearman's.
double correlation(std::span<const double> a, std::span<const double> b);
double correlation(std::span<const float> a, std::span<const float> b);
/// Spearman's rank correlation; NaN where a map is constant.
double rank_correlation(std::span<const float> a, std::span<const float> b);

/// Mean structural similarity (Wang et al. 2004, IEEE TIP 13(4), equation 13) over all windows of 7 x 7
/// pixels that lie in a frame (smaller frames: the whole side), and over frames; uniform weights, variances
/// over n, K1 = 0.01, K2 = 0.03. Each map is divided by its largest magnitude first, so the range of values
/// is 2. NaN where a map is zero.
double structural_similarity(std::span<const float> a, std::span<const float> b, const Volume& volume);

}  // namespace relevid::evaluate
