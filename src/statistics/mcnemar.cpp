// SPDX-License-Identifier: Apache-2.0
#include "statistics/mcnemar.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "statistics/distributions.h"

namespace relevid::statistics {
namespace {

constexpr double kPower = 0.8;

}  // namespace

McNemar mcnemar_exact(int64_t gained, int64_t lost) {
  const double p = gained == lost ? 1 : 2 * fair_binomial_cdf(std::min(gained, lost), gained + lost);
  return {gained, lost, std::min(1.0, p)};
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, p[order[rank]] * static_cast<double>(order.size() - rank));
    corrected[order[rank]] = std::min(1.0, largest);
  }
  return corrected;
}

int64_t videos_for_gain(double discordant, double gain) {
  const double share = std::clamp(discordant, gain, 1.0);
  const double root = normal_quantile(kUpperLevel) * std::sqrt(share) +
                      normal_quantile(kPower) * std::sqrt(share - gain * gain);
  return static_cast<int64_t>(std::ceil(root * root / (gain * gain)));
}

}  // namespace relevid::statistics
