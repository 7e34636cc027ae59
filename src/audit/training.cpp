// SPDX-License-Identifier: Apache-2.0
#include "audit/training.h"

#include <algorithm>
#include <limits>

#include "audit/profile.h"

namespace relevid::audit {

using run::Manifest;
using statistics::Half;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// What an excess is counted in: the null profile's share of the border; NaN without one.
double null_border(const Report& report) {
  const auto& null = report.options.null_profile;
  const int64_t frames = report.statistics.frames;
  if (!null || frames == 0) return kUnknown;
  return border_share(checked_null_profile(*null, frames), main_border_width(frames));
}

double excess_of(const run::Observation& observation, double null) {
  const auto profile = scaled_profile(observation.shares);
  if (!profile) return kUnknown;
  return border_share(*profile, main_border_width(std::ssize(*profile))) / null;
}

TrainingVideo training_video(const run::VideoRecord& video, size_t index,
                             const std::vector<size_t>& conditions, double null) {
  TrainingVideo result;
  result.video = index;
  result.labelled = video.video.label >= 0;
  for (const size_t condition : conditions) {
    const auto& one = video.by_condition[condition];
    result.excess.push_back(one ? excess_of(*one, null) : kUnknown);
    result.right.push_back(one ? std::optional(one->right1) : std::nullopt);
  }
  return result;
}

}  // namespace

std::vector<size_t> interval_conditions(const Manifest& manifest) {
  std::vector<size_t> found;
  for (size_t i = 0; i < manifest.conditions.size(); ++i)
    if (!manifest.conditions[i].control) found.push_back(i);
  std::ranges::sort(found, {}, [&](size_t i) { return manifest.conditions[i].frame_interval; });
  return found;
}

void TrainingVideos::read(Training& training, const VideoSource& source) {
  const std::vector<size_t> conditions = interval_conditions(training.report.manifest);
  const double null = null_border(training.report);
  source([&](const run::VideoRecord& video) {
    const auto [found, added] = indices_.try_emplace(video.video.sha256, keys_.size());
    if (added) keys_.push_back(video.video.sha256);
    if (video.video.label >= 0) halves_.add(video.video.sha256, video.video.label);
    training.videos.push_back(training_video(video, found->second, conditions, null));
  });
}

void TrainingVideos::deal(std::vector<Training>& trainings) {
  halves_.deal();
  for (Training& training : trainings)
    for (TrainingVideo& video : training.videos)
      video.for_report = video.labelled && halves_.of(keys_[video.video]) == Half::kReport;
}

}  // namespace relevid::audit
