// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "audit/observation.h"
#include "audit/survey.h"
#include "statistics/bootstrap.h"
#include "statistics/mcnemar.h"

namespace relevid::audit {

/// Accuracies over labelled videos, or differences of them. A clip's accuracy is the mean over videos of the
/// share of the video's clips that are right, so that a long video counts as much as a short one.
struct AccuracyEstimate {
  statistics::Estimate video1, video5;  ///< of the mean of the clips' probabilities: top 1, top 5
  statistics::Estimate clip1, clip5;
};

/// video1, video5, clip1, clip5 of an observation, each in [0, 1].
std::vector<double> accuracy_row(const run::Observation& observation);
inline constexpr size_t kAccuracyColumns = 4;

/// An interval against the base interval, on the same videos.
struct Comparison {
  int64_t interval = 0;
  int64_t videos = 0;           ///< labelled, fitting what is compared
  AccuracyEstimate gain;        ///< accuracy at `interval` less that at the base; paired over videos
  statistics::McNemar mcnemar;  ///< of the videos' top 1
  double p_holm = 1;            ///< McNemar's p, corrected for the comparisons in the list it stands in
};

/// Accuracy over frame intervals.
struct Sweep {
  int64_t base_interval = 1;
  /// Every other interval against the base, each on the videos that fit these two: not comparable with each
  /// other where `videos` differ.
  std::vector<Comparison> with_base;
  /// Intervals compared with each other, ascending, on the videos that fit all of them.
  std::vector<int64_t> compared;
  /// Intervals that would shrink the common videos too much: fewer than half of those that fit the base fit.
  std::vector<int64_t> left_out;
  int64_t common_videos = 0;
  std::vector<AccuracyEstimate> common_accuracy;  ///< [compared]
  std::vector<Comparison> common;                 ///< of `compared` without the base
};

/// Which conditions are the intervals compared with each other.
struct ComparedIntervals {
  size_t base = 0;               ///< condition
  std::vector<size_t> compared;  ///< conditions by ascending interval, base among them
  std::vector<size_t> left_out;
};
/// Error(kInvalidArgument) where no condition is the base interval, or an interval is there twice.
ComparedIntervals compared_intervals(const std::vector<run::Condition>& conditions, const Survey& survey,
                                     int64_t base_interval);
/// Labelled, and observed at every one of these.
bool is_common(const run::VideoRecord& video, const std::vector<size_t>& conditions);

/// Collects what a Sweep needs. Borrows the bootstrap and the conditions.
class SweepSums {
 public:
  SweepSums(statistics::Bootstrap& bootstrap, const std::vector<run::Condition>& conditions,
            const ComparedIntervals& intervals);
  void add(const run::VideoRecord& video);
  Sweep result();

 private:
  struct Pair {
    size_t condition = 0;
    statistics::Bootstrap::Panel panel = 0;  ///< differences of accuracy_row
    int64_t gained = 0, lost = 0;
    int64_t common_gained = 0, common_lost = 0;
  };
  AccuracyEstimate accuracy(size_t position);
  AccuracyEstimate gain(size_t position);

  statistics::Bootstrap& bootstrap_;
  const std::vector<run::Condition>& conditions_;
  ComparedIntervals intervals_;
  std::vector<Pair> pairs_;  ///< of all intervals but the base
  statistics::Bootstrap::Panel common_panel_ =
      0;  ///< accuracy_row of every compared interval, one after the other
};

}  // namespace relevid::audit
