// SPDX-License-Identifier: Apache-2.0
#include "statistics/grid.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "relevid/error.h"

namespace relevid::statistics {

double on_grid(double value) {
  constexpr double kGrid = 0x1p32, kLargest = 4;
  if (!(std::fabs(value) <= kLargest)) {
    throw Error(ErrorKind::kInternal,
                fmt::format("statistics: a value of {}; from -{} to {} will do", value, kLargest, kLargest));
  }
  return std::nearbyint(value * kGrid) / kGrid;
}

void check_room_for_video(int64_t videos) {
  constexpr int64_t kMost = int64_t{1} << 18;
  if (videos < kMost) return;
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("statistics of more than {} videos; audit parts of the data set instead", kMost));
}

std::span<const double> added_by(Guard guard) {
  static constexpr std::array kProportion{1.0, 0.0};
  static constexpr std::array kDifference{1.0, -1.0};
  if (guard == Guard::kProportion) return kProportion;
  if (guard == Guard::kDifference) return kDifference;
  return {};
}

}  // namespace relevid::statistics
