// SPDX-License-Identifier: Apache-2.0
#include "audit/condition_statistics.h"

#include <utility>

namespace relevid::audit {

using run::Condition;
using statistics::Bootstrap;
using statistics::Combination;
using statistics::Guard;
using statistics::Moments;

namespace {

template <typename MeanOfColumn>
AccuracyEstimate accuracy_of(MeanOfColumn&& mean_of) {
  return {mean_of(0), mean_of(1), mean_of(2), mean_of(3)};
}

}  // namespace

ConditionSums::ConditionSums(Bootstrap& bootstrap, const std::vector<Condition>& conditions,
                             const Survey& survey, std::optional<std::vector<double>> null_profile)
    : bootstrap_(bootstrap),
      conditions_(conditions),
      survey_(survey),
      frames_(survey.frames),
      null_profile_(std::move(null_profile)) {
  const size_t columns = profile_columns(frames_);
  for (const Condition& condition : conditions) {
    Panels panels;
    panels.all = bootstrap_.add_panel(columns);
    panels.right = bootstrap_.add_panel(columns);
    panels.wrong = bootstrap_.add_panel(columns);
    panels.accuracy = bootstrap_.add_panel(kAccuracyColumns);
    panels.null_condition = null_of(condition);
    panels.against_null = bootstrap_.add_panel(2 * border_widths(frames_).size());
    panels_.push_back(panels);
  }
}

std::optional<size_t> ConditionSums::null_of(const Condition& condition) const {
  std::optional<size_t> found;
  if (null_profile_ || condition.control == AuditControl::kNullProfile) return found;
  for (size_t i = 0; i < conditions_.size(); ++i) {
    if (conditions_[i].control != AuditControl::kNullProfile) continue;
    if (!found || conditions_[i].frame_interval == condition.frame_interval) found = i;
  }
  return found;
}

void ConditionSums::add(const run::VideoRecord& video) {
  for (size_t i = 0; i < conditions_.size(); ++i) {
    if (video.by_condition[i]) add(video, i);
  }
}

void ConditionSums::add(const run::VideoRecord& video, size_t condition) {
  const run::Observation& own = *video.by_condition[condition];
  if (const auto profile = scaled_profile(own.shares)) add_profile(video, condition, *profile);
  if (video.video.label < 0) return;
  const std::vector<double> accuracy = accuracy_row(own);
  class_sums(video.video.label, condition).accuracy.add(accuracy);
  if (conditions_[condition].control != AuditControl::kNullProfile) {
    bootstrap_.add(panels_[condition].accuracy, accuracy);
  }
}

void ConditionSums::add_profile(const run::VideoRecord& video, size_t condition,
                                const std::vector<double>& profile) {
  const run::Observation& own = *video.by_condition[condition];
  const Panels& panels = panels_[condition];
  const std::vector<double> row = profile_row(profile, own.negative_share);
  bootstrap_.add(panels.all, row);
  if (panels.null_condition && video.by_condition[*panels.null_condition]) {
    add_against_null(panels, profile, *video.by_condition[*panels.null_condition]);
  }
  if (video.video.label < 0) return;
  class_sums(video.video.label, condition).profile.add(row);
  if (conditions_[condition].control != AuditControl::kNullProfile) {
    bootstrap_.add(own.right1 ? panels.right : panels.wrong, row);
  }
}

void ConditionSums::add_against_null(const Panels& panels, const std::vector<double>& own,
                                     const run::Observation& null) {
  const auto null_profile = scaled_profile(null.shares);
  if (!null_profile) return;
  std::vector<double> row;
  for (const std::vector<double>* side : {&own, &*null_profile}) {
    for (const int64_t k : border_widths(frames_)) row.push_back(border_share(*side, k));
  }
  bootstrap_.add(panels.against_null, row);
}

ConditionSums::ClassSums& ConditionSums::class_sums(int64_t label, size_t condition) {
  auto& by_condition = classes_[label];
  const auto found = by_condition.find(condition);
  if (found != by_condition.end()) return found->second;
  ClassSums empty{Moments(profile_columns(frames_)), Moments(kAccuracyColumns)};
  return by_condition.emplace(condition, std::move(empty)).first->second;
}

ProfileEstimate ConditionSums::profile(Bootstrap::Panel panel) {
  return estimate_profile(
      frames_, [&](const Combination& combination) { return bootstrap_.mean(panel, combination); },
      null_profile_ ? &*null_profile_ : nullptr);
}

void ConditionSums::set_observed_excess(const Panels& panels, ProfileEstimate& profile) {
  const size_t widths = profile.borders.size();
  for (size_t i = 0; i < widths; ++i) {
    profile.borders[i].excess = bootstrap_.ratio(panels.against_null, {{i, 1}}, {{widths + i, 1}});
  }
}

ConditionStatistics ConditionSums::result(size_t condition) {
  const Panels& panels = panels_[condition];
  ConditionStatistics statistics;
  statistics.condition = conditions_[condition];
  statistics.all = profile(panels.all);
  statistics.right = profile(panels.right);
  statistics.wrong = profile(panels.wrong);
  statistics.videos = survey_.observed[condition];
  statistics.without_relevance = survey_.without_relevance[condition];
  statistics.rate = rate_of(survey_.fps[condition], conditions_[condition].frame_interval);
  if (panels.null_condition) set_observed_excess(panels, statistics.all);
  if (bootstrap_.videos(panels.accuracy) > 0) {
    statistics.accuracy = accuracy_of([&](size_t column) {
      return bootstrap_.mean(panels.accuracy, {{column, 1}}, Guard::kProportion);
    });
  }
  for (const auto& [label, by_condition] : classes_) {
    const auto found = by_condition.find(condition);
    if (found == by_condition.end()) continue;
    const ClassSums& sums = found->second;
    const auto mean_of = [&](const Combination& combination) { return sums.profile.mean(combination); };
    const auto* null = null_profile_ ? &*null_profile_ : nullptr;
    statistics.classes.push_back({label, accuracy_of([&](size_t column) {
                                    return sums.accuracy.mean({{column, 1}}, Guard::kProportion);
                                  }),
                                  estimate_profile(frames_, mean_of, null)});
  }
  return statistics;
}

std::vector<ConditionStatistics> ConditionSums::result() {
  std::vector<ConditionStatistics> all;
  for (size_t i = 0; i < conditions_.size(); ++i) all.push_back(result(i));
  return all;
}

}  // namespace relevid::audit
