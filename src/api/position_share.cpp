// SPDX-License-Identifier: Apache-2.0
#include "api/position_share.h"

#include <numeric>

#include "explain/volume.h"
#include "run/position_sum.h"

namespace relevid {
namespace {

/// [T'] of relevance [1, C, T, H, W].
std::vector<double> by_step(const Tensor& relevance, int64_t steps) {
  const Shape& shape = relevance.shape();
  const int64_t frames = shape[2], inner = shape[3] * shape[4];
  const auto values = relevance.values<float>();
  std::vector<double> sums(static_cast<size_t>(steps), 0.0);
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const int64_t frame = i / inner % frames;
    sums[static_cast<size_t>(frame * steps / frames)] += static_cast<double>(values[static_cast<size_t>(i)]);
  }
  return sums;
}

std::vector<double> over(std::vector<double> values, double start) {
  for (double& value : values) value /= start;
  return values;
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

std::optional<run::PositionFinding> position_finding(const Tensor& position, const Tensor& relevance,
                                                     double start) {
  if (position.elements() == 0) return std::nullopt;
  const Shape& shape = position.shape();
  const int64_t steps = shape[1], places = shape[2] * shape[3];
  run::PositionFinding found{start, std::vector<double>(static_cast<size_t>(steps), 0.0),
                             by_step(relevance, steps), std::vector<double>(static_cast<size_t>(places), 0.0),
                             shape[3]};
  const auto values = position.values<float>();
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const auto value = static_cast<double>(values[static_cast<size_t>(i)]);
    found.by_time[static_cast<size_t>(i / places)] += value;
    found.by_place[static_cast<size_t>(i % places)] += value;
  }
  return found;
}

std::optional<PositionShare> position_share(const Explanation& e) {
  if (e.position.elements() == 0 || e.layers.empty() || e.layers[0].empty()) return std::nullopt;
  run::PositionSum sum;
  for (int64_t n = 0; n < std::ssize(e.layers); ++n) {
    const double start = e.layers[static_cast<size_t>(n)].front().incoming;
    const auto clip = position_finding(item_of(e.position, n), item_of(e.relevance, n), start);
    if (!sum.add(*clip)) return std::nullopt;
  }
  const run::PositionFinding mean = *sum.mean();
  if (mean.start == 0) return std::nullopt;
  const auto places = static_cast<int64_t>(mean.by_place.size());
  return PositionShare{
      sum_of(mean.by_time) / mean.start, over(mean.by_time, mean.start), over(mean.content, mean.start),
      over(mean.by_place, mean.start),   places / mean.columns,          mean.columns};
}

}  // namespace relevid
