// SPDX-License-Identifier: Apache-2.0
#include "evaluate/flipping.h"

#include <algorithm>
#include <numeric>

#include "relevid/error.h"

namespace relevid::evaluate {

std::vector<int64_t> flip_counts(int64_t regions, int64_t steps) {
  const int64_t points = std::min(regions, steps);
  std::vector<int64_t> counts;
  for (int64_t k = 0; k <= points; ++k) counts.push_back((2 * k * regions + points) / (2 * points));
  return counts;
}

std::vector<Curve> flip(const Regions& regions, const Filling& filling, std::span<const int64_t> counts,
                        std::span<const std::vector<int32_t>> orders, const CurveEnds& ends,
                        const Classify& classify) {
  const int64_t points = std::ssize(counts), between = points - 2;
  std::vector<char> region_flipped, voxel_flipped(regions.of_voxel.size());
  const auto scores = classify(std::ssize(orders) * between, [&](int64_t i, std::span<float> values) {
    const auto& order = orders[static_cast<size_t>(i / between)];
    const int64_t count = counts[static_cast<size_t>(1 + i % between)];
    region_flipped.assign(static_cast<size_t>(regions.count), 0);
    for (int64_t k = 0; k < count; ++k)
      region_flipped[static_cast<size_t>(order[static_cast<size_t>(k)])] = 1;
    for (size_t v = 0; v < voxel_flipped.size(); ++v)
      voxel_flipped[v] = region_flipped[static_cast<size_t>(regions.of_voxel[v])];
    filling.write(voxel_flipped, values);
  });
  std::vector<Curve> curves;
  for (size_t o = 0; o < orders.size(); ++o) {
    Curve curve = {ends.whole};
    const auto begin = scores.begin() + static_cast<std::ptrdiff_t>(o) * between;
    curve.insert(curve.end(), begin, begin + between);
    curve.push_back(ends.flipped);
    curves.push_back(std::move(curve));
  }
  return curves;
}

TargetScore all_flipped(const Regions& regions, const Filling& filling, const Classify& classify) {
  const std::vector<char> all(regions.of_voxel.size(), 1);
  return classify(1, [&](int64_t, std::span<float> values) { filling.write(all, values); }).at(0);
}

double area_under(std::span<const double> curve) {
  if (curve.empty()) throw Error(ErrorKind::kInternal, "a curve without points");
  return std::accumulate(curve.begin(), curve.end(), 0.0) / static_cast<double>(curve.size());
}

double aopc(std::span<const double> most_first) {
  return most_first.front() - area_under(most_first);
}

double abpc(std::span<const double> least_first, std::span<const double> most_first) {
  return area_under(least_first) - area_under(most_first);
}

}  // namespace relevid::evaluate
