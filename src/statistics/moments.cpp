// SPDX-License-Identifier: Apache-2.0
#include "statistics/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics/distributions.h"
#include "statistics/grid.h"

namespace relevid::statistics {
namespace {

constexpr double kAnything = std::numeric_limits<double>::infinity();

double highest_of(Guard guard) {
  return guard == Guard::kNone ? kAnything : 1;
}

double lowest_of(Guard guard) {
  return guard == Guard::kProportion ? 0 : -highest_of(guard);
}

}  // namespace

void Moments::add(std::span<const double> row) {
  check_room_for_video(videos_);
  size_t at = 0;
  for (size_t a = 0; a < columns_; ++a) {
    const double value = on_grid(row[a]);
    sums_[a] += value;
    for (size_t b = 0; b <= a; ++b) products_[at++] += on_grid(value * on_grid(row[b]));
  }
  ++videos_;
}

double Moments::product(size_t a, size_t b) const {
  const size_t larger = std::max(a, b), smaller = std::min(a, b);
  return products_[larger * (larger + 1) / 2 + smaller];
}

Estimate Moments::mean(const Combination& combination, Guard guard) const {
  Estimate estimate;
  estimate.videos = videos_;
  if (videos_ == 0) return estimate;
  double sum = 0, squares = 0;
  for (const auto& [a, factor_a] : combination) {
    sum += factor_a * sums_[a];
    for (const auto& [b, factor_b] : combination) squares += factor_a * factor_b * product(a, b);
  }
  estimate.value = sum / static_cast<double>(videos_);
  const auto added = added_by(guard);
  for (const double value : added) {
    sum += value;
    squares += value * value;
  }
  const int64_t size = videos_ + static_cast<int64_t>(added.size());
  if (size < 2) return estimate;
  const auto n = static_cast<double>(size);
  const double centre = sum / n;
  const double variance = std::max(0.0, (squares - n * centre * centre) / (n - 1));
  estimate.standard_error = std::sqrt(variance / n);
  const double half = student_quantile(kUpperLevel, size - 1) * estimate.standard_error;
  estimate.low = std::min(std::max(centre - half, lowest_of(guard)), estimate.value);
  estimate.high = std::max(std::min(centre + half, highest_of(guard)), estimate.value);
  return estimate;
}

}  // namespace relevid::statistics
