// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/observation.h"
#include "audit/report.h"
#include "statistics/halves.h"

namespace relevid::audit {

/// What a summary takes of one video under the frame intervals.
struct TrainingVideo {
  size_t video = 0;  ///< index that all trainings have in common
  bool labelled = false;
  bool for_report = false;  ///< in the half on which a chosen interval is tested
  /// [interval] border share over the null profile's, for the verdict's k; NaN where the video does not fit,
  /// has no relevance, or the run has no null profile.
  std::vector<double> excess;
  std::vector<std::optional<bool>> right;  ///< [interval] top 1; nullopt where the video does not fit
};

/// One training of the recipe, by its audit.
struct Training {
  std::string label;  ///< what to call it
  Report report;
  std::vector<TrainingVideo> videos;

  /// Why it is in no mean: at chance, or without relevance.
  const std::optional<Withheld>& withheld() const { return report.statistics.verdict.withheld; }
};

/// The conditions that are intervals, ascending.
std::vector<size_t> interval_conditions(const run::Manifest& manifest);

/// Gathers the videos of trainings: gives each the index under which all have it, and deals them, those of
/// all trainings together, into the two halves. So a video by which an interval is chosen is in no training's
/// test.
class TrainingVideos {
 public:
  /// Fills `training.videos`; its report is there.
  void read(Training& training, const VideoSource& source);
  /// After the last training: which videos are for the report.
  void deal(std::vector<Training>& trainings);

 private:
  std::unordered_map<std::string, size_t> indices_;  ///< by key, in the order in which they first come
  std::vector<std::string> keys_;
  statistics::Halves halves_;
};

}  // namespace relevid::audit
