// SPDX-License-Identifier: Apache-2.0
#include "statistics/interval.h"

#include <algorithm>
#include <cmath>

#include "statistics/distributions.h"

namespace relevid::statistics {
namespace {

struct Spread {
  double deviation = 0, skewness = 0;
};

Spread spread_of(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value;
  mean /= count;
  double second = 0, third = 0;
  for (const double value : values) {
    const double d = value - mean;
    second += d * d / count;
    third += d * d * d / count;
  }
  const double deviation = std::sqrt(second);
  return {deviation, deviation > 0 ? third / (second * deviation) : 0};
}

/// Of values in order, at a level in [0, 1].
double quantile(const std::vector<double>& ordered, double level) {
  const auto count = static_cast<double>(ordered.size());
  const double position = std::clamp(level * (count + 1) - 1, 0.0, count - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, ordered.size() - 1);
  const double part = position - static_cast<double>(below);
  return part == 0 ? ordered[below] : ordered[below] + part * (ordered[above] - ordered[below]);
}

double bias_of(const std::vector<double>& ordered, double centre) {
  const auto [first, last] = std::equal_range(ordered.begin(), ordered.end(), centre);
  const auto below = static_cast<double>(first - ordered.begin());
  const auto count = static_cast<double>(ordered.size());
  const double share = (below + static_cast<double>(last - first) / 2) / count;
  return normal_quantile(std::clamp(share, 1 / (count + 1), count / (count + 1)));
}

double adjusted_level(double z, double bias, double acceleration) {
  const double shifted = bias + z;
  const double divisor = 1 - acceleration * shifted;
  if (divisor <= 0) return shifted < 0 ? 0 : 1;
  return normal_cdf(bias + shifted / divisor);
}

}  // namespace

Estimate interval_of(double centre, std::vector<double> replicates, int64_t size, Levels levels) {
  Estimate estimate;
  estimate.value = centre;
  if (size < 2 || replicates.size() < 2) return estimate;
  std::sort(replicates.begin(), replicates.end());
  const Spread spread = spread_of(replicates);
  const double z = student_quantile(kUpperLevel, size - 1);
  const bool adjusted = levels == Levels::kBca;
  const double bias = adjusted ? bias_of(replicates, centre) : 0;
  const double acceleration = adjusted ? spread.skewness / 6 : 0;
  estimate.low = quantile(replicates, adjusted_level(-z, bias, acceleration));
  estimate.high = quantile(replicates, adjusted_level(z, bias, acceleration));
  estimate.standard_error = spread.deviation;
  return estimate;
}

}  // namespace relevid::statistics
