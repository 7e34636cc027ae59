// SPDX-License-Identifier: Apache-2.0
#include "run/position_sum.h"

#include <cmath>
#include <vector>

namespace relevid::run {
namespace {

void add_scaled(std::vector<double>& sums, const std::vector<double>& values, double factor) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += factor * values[i];
}

void scale(std::vector<double>& values, double factor) {
  for (double& value : values) value *= factor;
}

}  // namespace

bool PositionSum::add(const PositionFinding& clip) {
  if (clips_ == 0) {
    sum_ = {0, std::vector<double>(clip.by_time.size()), std::vector<double>(clip.content.size()),
            std::vector<double>(clip.by_place.size()), clip.columns};
  }
  if (clip.by_time.size() != sum_.by_time.size() || clip.content.size() != sum_.content.size() ||
      clip.by_place.size() != sum_.by_place.size() || clip.columns != sum_.columns) {
    return false;
  }
  ++clips_;
  const double sign = std::copysign(1.0, clip.start);
  sum_.start += std::abs(clip.start);
  add_scaled(sum_.by_time, clip.by_time, sign);
  add_scaled(sum_.content, clip.content, sign);
  add_scaled(sum_.by_place, clip.by_place, sign);
  return true;
}

std::optional<PositionFinding> PositionSum::mean() const {
  if (clips_ == 0) return std::nullopt;
  PositionFinding mean = sum_;
  const double factor = 1 / static_cast<double>(clips_);
  mean.start *= factor;
  for (std::vector<double>* values : {&mean.by_time, &mean.content, &mean.by_place}) scale(*values, factor);
  return mean;
}

}  // namespace relevid::run
