// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "audit/condition_statistics.h"
#include "audit/controls.h"
#include "audit/observation.h"
#include "audit/recommendation.h"
#include "audit/second_method.h"
#include "audit/sweep.h"
#include "audit/verdict.h"
#include "statistics/chance.h"

namespace relevid::audit {

struct StatisticsOptions {
  int64_t base_interval = 1;
  /// [T] of the network's flat-rule null profile; nullopt: a condition kNullProfile serves, if there is one.
  std::optional<std::vector<double>> null_profile;
  double smallest_excess = 0.05;  ///< δ of the verdict and of the controls
  double smallest_gain = 0.05;    ///< in accuracy, of the recommendation
  int64_t replicates = 2000;      ///< of the bootstrap
  uint64_t seed = 0;              ///< of the bootstrap
};

/// The statistics of an audit. The video is the unit everywhere: clips of one video are averaged first, and
/// intervals say what other videos of this kind would give. Every interval has 95 % by itself. Two statements
/// are made, each fixed before the data: the verdict, and the recommendation, whose test is done on videos
/// that had no part in its choice. All else explores; McNemar's p-values over the intervals stand beside
/// Holm's.
struct Statistics {
  int64_t frames = 0;  ///< T; 0 without an observation, then most is empty
  int64_t videos = 0;
  int64_t labelled = 0;
  int64_t copies = 0;                           ///< labelled videos whose key had come before
  std::vector<ConditionStatistics> conditions;  ///< in the order of the conditions given
  statistics::Chance chance;                    ///< at the base interval
  Sweep sweep;
  Verdict verdict;
  std::optional<SecondMethod> second_method;
  Controls controls;
  Recommendation recommendation;
};

/// Runs the source twice. Memory is flat but for 16 bytes a labelled video (halves.h). The result is the same
/// to the bit for every order of the videos, hence however they were sharded. Throws Error(kInvalidArgument)
/// for options out of range, conditions without the base interval, and observations that survey.h refuses;
/// Error(kResourceLimit) for more than 2^18 videos.
Statistics analyse(const VideoSource& source, const std::vector<run::Condition>& conditions,
                   const StatisticsOptions& options);

}  // namespace relevid::audit
