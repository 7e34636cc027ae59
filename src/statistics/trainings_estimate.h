// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "statistics/estimate.h"

namespace relevid::statistics {

/// Below this many trainings there is no interval over trainings: of two, Student's t has one degree of
/// freedom and a 95 % interval is 12.7 standard errors wide.
inline constexpr int64_t kFewestTrainings = 3;

/// What one training has of a statistic: a number for each of its videos, with the video's index. Trainings
/// that have a video in common have it under one index; copies of a video within a training, too.
using TrainingValues = std::vector<std::pair<size_t, double>>;

/// The mean over trainings of the trainings' means over videos, with its 95 % interval over both: what other
/// trainings of this recipe, on other videos of this kind, would give.
struct TrainingsEstimate {
  double value = std::numeric_limits<double>::quiet_NaN();  ///< NaN without a training that has a video
  double low = std::numeric_limits<double>::quiet_NaN();    ///< NaN for fewer than kFewestTrainings
  double high = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  /// Standard deviation of the trainings' means; what videos add to each is in it.
  double deviation = std::numeric_limits<double>::quiet_NaN();
  int64_t trainings = 0;  ///< that have a video
  int64_t videos = 0;     ///< different ones, over all trainings

  bool has_interval() const { return low <= high; }
  bool reliable() const { return has_interval() && videos >= kFewVideos; }
};

/// NaN without a video.
double mean_of(const TrainingValues& values);

/// Note [Two levels] in trainings_estimate.cpp says how, and why not by percentiles of a bootstrap. `guard`
/// for values in [0, 1] and differences of them, whose intervals are cut at what is possible; otherwise
/// values are ≥ 0 or differences, and nothing is cut.
TrainingsEstimate over_trainings(std::span<const TrainingValues> trainings, Guard guard);

}  // namespace relevid::statistics
