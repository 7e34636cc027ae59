// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "statistics/estimate.h"

namespace relevid::statistics {

enum class Levels {
  kBca,         ///< adjusted for bias and skewness
  kPercentile,  ///< z0 = a = 0: for guarded values, whose added observations have taken care of skewness
};

/// The 95 % interval and standard error of a statistic from its bootstrap replicates, by the BCa method
/// (Efron 1987, J. Am. Stat. Assoc. 82:171; Efron, Tibshirani 1993, chapter 14, equations 14.10 and 14.14)
/// with wider levels for few videos:
///
///   z0 = Φ⁻¹(share of replicates below `centre`, ties by half)      bias
///   a  = skewness of the replicates / 6                             acceleration
///   z  = ±t_{0.975, n-1}                                            instead of ±z_0.975
///   level = Φ(z0 + (z0 + z) / (1 - a (z0 + z)))
///
/// For a mean the replicates' skewness is Σd³ / (Σd²)^1.5 up to terms of order 1/n, which makes a the
/// jackknife's (equation 14.15). Student's quantile is that of the expanded percentile interval (Hesterberg
/// 2015, Am. Stat. 69:371); its other factor √(n / (n-1)) is in the replicates already: a Poisson replicate
/// divides by its own total W, and E[1/W] ≈ (1 + 1/n) / n. For the same reason their standard deviation is
/// the standard error. Quantiles are interpolated order statistics at level · (B + 1). Measured coverage:
/// docs/dev/audit-statistics.md.
///
/// `centre` is the statistic of the data that were resampled; `size` their number n, added ones included. No
/// interval for n < 2 or fewer than two replicates. `replicates` in any order.
Estimate interval_of(double centre, std::vector<double> replicates, int64_t size, Levels levels);

}  // namespace relevid::statistics
