// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::statistics {

/// P(Z ≤ x) of the standard normal.
double normal_cdf(double x);
/// Its inverse; p in (0, 1). By bisection, to the last bits of a double.
double normal_quantile(double p);
/// Quantile of Student's t at p in (0, 1), `freedom` ≥ 1. Exact sums for up to 100 degrees of freedom
/// (Abramowitz, Stegun 1964, 26.7.3 and 26.7.4), beyond that an expansion with an error below 1e-8 (26.7.5).
double student_quantile(double p, int64_t freedom);

/// P(X ≤ x) of the beta distribution, the regularized incomplete beta function I_x(a, b); x in [0, 1], a and
/// b > 0. By its continued fraction (Abramowitz, Stegun 1964, 26.5.8; Lentz' method), to about 1e-13.
double beta_cdf(double x, double a, double b);
/// Its inverse; p in (0, 1). By bisection.
double beta_quantile(double p, double a, double b);

/// What a two-sided 95 % interval takes.
inline constexpr double kUpperLevel = 0.975;

}  // namespace relevid::statistics
