// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::statistics {

// By Boost.Math, to the last digits of a double.

/// P(Z ≤ x) of the standard normal.
double normal_cdf(double x);
/// Its inverse; p in (0, 1).
double normal_quantile(double p);
/// Quantile of Student's t at p in (0, 1), `freedom` ≥ 1.
double student_quantile(double p, int64_t freedom);
/// Quantile of the beta distribution at p in (0, 1); a and b > 0.
double beta_quantile(double p, double a, double b);
/// P(X ≤ successes) of the binomial distribution of `trials` tosses of a fair coin; 0 ≤ successes ≤ trials.
double fair_binomial_cdf(int64_t successes, int64_t trials);

/// What a two-sided 95 % interval takes.
inline constexpr double kUpperLevel = 0.975;

}  // namespace relevid::statistics
