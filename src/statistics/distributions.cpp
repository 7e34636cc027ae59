// SPDX-License-Identifier: Apache-2.0
#include "statistics/distributions.h"

#include <cmath>
#include <numbers>

namespace relevid::statistics {
namespace {

constexpr int64_t kExactFreedom = 100;

/// The x in [0, high] where the increasing function passes `p`.
template <typename Function>
double solve(double p, double high, Function&& increasing) {
  double low = 0;
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    (increasing(middle) < p ? low : high) = middle;
  }
  return high;
}

/// P(|T| ≤ t).
double student_within(double t, int64_t freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? cosine : 1, sum = 0;
  for (int64_t power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    const auto step = static_cast<double>(power);
    term *= cosine * cosine * (step + 1) / (step + 2);
  }
  return odd ? 2 / std::numbers::pi * (angle + sine * sum) : sine * sum;
}

/// The continued fraction of I_x(a, b), for x < (a + 1) / (a + b + 2), where it converges fast.
double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300, kPrecision = 1e-15;
  constexpr int kMostTerms = 100000;  // about √max(a, b) are needed
  const auto kept = [](double value) { return std::fabs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / kept(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / kept(1 + even * d);
    c = kept(1 + even / c);
    fraction *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / kept(1 + odd * d);
    c = kept(1 + odd / c);
    fraction *= c * d;
    if (std::fabs(c * d - 1) < kPrecision) break;
  }
  return fraction;
}

double student_expansion(double x, double freedom) {
  const double x2 = x * x;
  const double g1 = (x2 + 1) * x / 4;
  const double g2 = ((5 * x2 + 16) * x2 + 3) * x / 96;
  const double g3 = (((3 * x2 + 19) * x2 + 17) * x2 - 15) * x / 384;
  const double g4 = ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) * x / 92160;
  return x + (g1 + (g2 + (g3 + g4 / freedom) / freedom) / freedom) / freedom;
}

}  // namespace

double normal_cdf(double x) {
  return std::erfc(-x / std::numbers::sqrt2) / 2;
}

double normal_quantile(double p) {
  if (p == 0.5) return 0;
  const double tail = p < 0.5 ? p : 1 - p;
  const double x = solve(-tail, 40, [](double z) { return -normal_cdf(-z); });
  return p < 0.5 ? -x : x;
}

double beta_cdf(double x, double a, double b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(x, a, b) / a;
  return 1 - front * beta_fraction(1 - x, b, a) / b;
}

double beta_quantile(double p, double a, double b) {
  return solve(p, 1, [&](double x) { return beta_cdf(x, a, b); });
}

double student_quantile(double p, int64_t freedom) {
  if (freedom > kExactFreedom) return student_expansion(normal_quantile(p), static_cast<double>(freedom));
  if (p == 0.5) return 0;
  const double within = std::fabs(2 * p - 1);
  const double t = solve(within, 1e9, [&](double x) { return student_within(x, freedom); });
  return p < 0.5 ? -t : t;
}

}  // namespace relevid::statistics
