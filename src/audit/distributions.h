// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::audit {

/// P(Z ≤ x) of the standard normal.
double normal_cdf(double x);
/// Its inverse; p in (0, 1). By bisection, to the last bits of a double.
double normal_quantile(double p);
/// Quantile of Student's t at p in (0, 1), `freedom` ≥ 1. Exact sums for up to 100 degrees of freedom
/// (Abramowitz, Stegun 1964, 26.7.3 and 26.7.4), beyond that an expansion with an error below 1e-8 (26.7.5).
double student_quantile(double p, int64_t freedom);

/// What a two-sided 95 % interval takes.
inline constexpr double kUpperLevel = 0.975;

}  // namespace relevid::audit
