// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "audit/estimate.h"

namespace relevid::audit {

/// The 95 % interval and standard error of a statistic from its bootstrap replicates, by the BCa method
/// (Efron 1987, J. Am. Stat. Assoc. 82:171; Efron, Tibshirani 1993, chapter 14, equations 14.10 and 14.14) with
/// wider levels for few videos:
///
///   z0 = Φ⁻¹(share of replicates below `centre`, ties by half)      bias
///   a  = skewness of the replicates / 6                             acceleration
///   z  = ±√(n / (n-1)) t_{0.975, n-1}                               instead of ±z_0.975
///   level = Φ(z0 + (z0 + z) / (1 - a (z0 + z)))
///
/// For a mean the replicates' skewness is Σd³ / (Σd²)^1.5 up to terms of order 1/n, which makes a the jackknife's
/// (equation 14.15). z is that of the expanded percentile interval (Hesterberg 2015, Am. Stat. 69:371):
/// replicates spread with the divisor n and normal tails, where n - 1 and Student's are due. Quantiles are
/// interpolated order statistics at level · (B + 1). Standard error: the replicates' standard deviation times
/// √(n / (n-1)).
///
/// `centre` is the statistic of the data that were resampled; `size` their number n, added ones included. No
/// interval for n < 2 or fewer than two replicates. `replicates` in any order.
Estimate bca_estimate(double centre, std::vector<double> replicates, int64_t size);

}  // namespace relevid::audit
