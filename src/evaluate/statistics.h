// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "evaluate/store.h"
#include "relevid/evaluate_report.h"
#include "statistics/chance.h"
#include "statistics/estimate.h"

namespace relevid::evaluate {

/// A method (or baseline) under one kind of flipping; means over videos, of each the mean over its clips.
struct Ranked {
  std::string method;
  bool baseline = false;
  statistics::Estimate abpc, aopc;
  statistics::Estimate deletion, insertion;  ///< areas under the curves
  statistics::Estimate above_random;         ///< its ABPC less that of a random order, paired by video
  statistics::Estimate below_best;  ///< the best method's ABPC less its own, paired; of the best: zeros
  std::vector<double> most_first, least_first;  ///< mean curves; empty where clips differ in their points

  /// Whether the interval of the difference to the best holds zero.
  bool like_best() const { return below_best.low <= 0; }
};

struct FlippingResult {
  std::string regions, fill;
  std::vector<Ranked> ranking;    ///< by falling ABPC
  double whole = 0, flipped = 0;  ///< mean score of the clip as it is, and with all of it flipped
  int64_t videos = 0;
  /// Pairs of methods, and those whose ABPC differ significantly (95 %, uncorrected).
  int64_t pairs = 0, significant_pairs = 0;
  std::vector<std::string> warnings;
};

struct MeasureResult {
  std::string method, measure, versus;
  statistics::Estimate value;
};

/// How many pairs of methods differ significantly by a measure beside flipping.
struct MeasurePower {
  std::string measure, versus;
  int64_t pairs = 0, significant_pairs = 0;  ///< of methods; as FlippingResult's
};

struct Evaluation {
  std::vector<std::string> methods;  ///< in the order they were given
  RunCounts counts;
  std::vector<VideoFailure> failures;  ///< in the order of the data set
  int64_t clips = 0;
  /// Of the evaluated videos. A video's prediction is the class that is the best of most of its clips; of
  /// several the one with the largest sum of probabilities, as far as they are those that were explained,
  /// then the first.
  statistics::Chance chance;
  std::vector<FlippingResult> flippings;
  std::vector<MeasureResult> measures;  ///< by measure, versus, and the methods' order, baselines last
  std::vector<MeasurePower> powers;     ///< of localisation and checks
  std::vector<std::string> warnings;
};

/// Throws Error(kInvalidArgument) for options out of range, Error(kCorruptInput) for rows that do not fit the
/// manifest.
Evaluation analyse(Reader& reader, const EvaluationReportOptions& options);

}  // namespace relevid::evaluate
