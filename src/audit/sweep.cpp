// SPDX-License-Identifier: Apache-2.0
#include "audit/sweep.h"

#include <fmt/format.h>

#include <algorithm>

#include "relevid/error.h"

namespace relevid::audit {

using run::Condition;
using statistics::Bootstrap;
using statistics::Guard;
using statistics::holm;
using statistics::mcnemar_exact;

namespace {

constexpr double kLeastFit = 0.5;

/// Four estimates of what stands in four columns.
template <typename EstimateOf>
AccuracyEstimate of_columns(EstimateOf&& estimate_of) {
  return {estimate_of(0), estimate_of(1), estimate_of(2), estimate_of(3)};
}

void correct(std::vector<Comparison>& comparisons) {
  std::vector<double> p;
  p.reserve(comparisons.size());
  for (const Comparison& comparison : comparisons) p.push_back(comparison.mcnemar.p);
  const std::vector<double> corrected = holm(p);
  for (size_t i = 0; i < corrected.size(); ++i) comparisons[i].p_holm = corrected[i];
}

size_t position_of(const std::vector<size_t>& conditions, size_t condition) {
  return static_cast<size_t>(std::find(conditions.begin(), conditions.end(), condition) - conditions.begin());
}

/// Conditions that are intervals, ascending.
std::vector<size_t> all_intervals(const std::vector<Condition>& conditions) {
  std::vector<size_t> found;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (!conditions[i].control) found.push_back(i);
  }
  const auto interval = [&](size_t i) { return conditions[i].frame_interval; };
  std::sort(found.begin(), found.end(), [&](size_t a, size_t b) { return interval(a) < interval(b); });
  for (size_t i = 1; i < found.size(); ++i) {
    if (interval(found[i]) != interval(found[i - 1])) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("statistics: interval {} is among the conditions twice", interval(found[i])));
  }
  return found;
}

}  // namespace

std::vector<double> accuracy_row(const run::Observation& o) {
  const auto clips = static_cast<double>(o.clips);
  return {o.right1 ? 1.0 : 0.0, o.right5 ? 1.0 : 0.0, static_cast<double>(o.clips_right1) / clips,
          static_cast<double>(o.clips_right5) / clips};
}

ComparedIntervals compared_intervals(const std::vector<Condition>& conditions, const Survey& survey,
                                     int64_t base_interval) {
  ComparedIntervals result;
  const std::vector<size_t> intervals = all_intervals(conditions);
  const auto base = std::find_if(intervals.begin(), intervals.end(),
                                 [&](size_t i) { return conditions[i].frame_interval == base_interval; });
  if (base == intervals.end()) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("statistics: the base interval {} is not among the conditions", base_interval));
  }
  result.base = *base;
  const double least = kLeastFit * static_cast<double>(survey.labelled_observed[*base]);
  for (const size_t i : intervals) {
    const bool fits = static_cast<double>(survey.labelled_observed[i]) >= least;
    (i == *base || fits ? result.compared : result.left_out).push_back(i);
  }
  return result;
}

bool is_common(const run::VideoRecord& video, const std::vector<size_t>& conditions) {
  return video.video.label >= 0 && std::all_of(conditions.begin(), conditions.end(),
                                               [&](size_t i) { return video.by_condition[i].has_value(); });
}

SweepSums::SweepSums(Bootstrap& bootstrap, const std::vector<Condition>& conditions,
                     const ComparedIntervals& intervals)
    : bootstrap_(bootstrap), conditions_(conditions), intervals_(intervals) {
  for (const size_t i : all_intervals(conditions)) {
    if (i != intervals.base) pairs_.push_back({i, bootstrap_.add_panel(kAccuracyColumns)});
  }
  common_panel_ = bootstrap_.add_panel(kAccuracyColumns * intervals.compared.size());
}

void SweepSums::add(const run::VideoRecord& video) {
  const auto& base = video.by_condition[intervals_.base];
  if (video.video.label < 0 || !base) return;
  const bool common = is_common(video, intervals_.compared);
  const std::vector<double> base_row = accuracy_row(*base);
  for (Pair& pair : pairs_) {
    const auto& other = video.by_condition[pair.condition];
    if (!other) continue;
    std::vector<double> row = accuracy_row(*other);
    for (size_t i = 0; i < row.size(); ++i) row[i] -= base_row[i];
    bootstrap_.add(pair.panel, row);
    const int64_t gained = other->right1 && !base->right1, lost = !other->right1 && base->right1;
    pair.gained += gained;
    pair.lost += lost;
    pair.common_gained += common ? gained : 0;
    pair.common_lost += common ? lost : 0;
  }
  if (!common) return;
  std::vector<double> row;
  for (const size_t i : intervals_.compared) {
    const std::vector<double> one = accuracy_row(*video.by_condition[i]);
    row.insert(row.end(), one.begin(), one.end());
  }
  bootstrap_.add(common_panel_, row);
}

AccuracyEstimate SweepSums::accuracy(size_t position) {
  return of_columns([&](size_t column) {
    return bootstrap_.mean(common_panel_, {{kAccuracyColumns * position + column, 1}}, Guard::kProportion);
  });
}

AccuracyEstimate SweepSums::gain(size_t position) {
  const size_t base = position_of(intervals_.compared, intervals_.base);
  return of_columns([&](size_t column) {
    return bootstrap_.mean(
        common_panel_, {{kAccuracyColumns * position + column, 1}, {kAccuracyColumns * base + column, -1}},
        Guard::kDifference);
  });
}

Sweep SweepSums::result() {
  Sweep sweep;
  sweep.base_interval = conditions_[intervals_.base].frame_interval;
  sweep.common_videos = bootstrap_.videos(common_panel_);
  for (const size_t i : intervals_.left_out) sweep.left_out.push_back(conditions_[i].frame_interval);
  for (size_t position = 0; position < intervals_.compared.size(); ++position) {
    sweep.compared.push_back(conditions_[intervals_.compared[position]].frame_interval);
    sweep.common_accuracy.push_back(accuracy(position));
  }
  for (const Pair& pair : pairs_) {
    Comparison comparison;
    comparison.interval = conditions_[pair.condition].frame_interval;
    comparison.videos = bootstrap_.videos(pair.panel);
    comparison.gain = of_columns([&](size_t column) {
      return bootstrap_.mean(pair.panel, {{column, 1}}, Guard::kDifference);
    });
    comparison.mcnemar = mcnemar_exact(pair.gained, pair.lost);
    sweep.with_base.push_back(comparison);
    const size_t position = position_of(intervals_.compared, pair.condition);
    if (position == intervals_.compared.size()) continue;
    comparison.videos = sweep.common_videos;
    comparison.gain = gain(position);
    comparison.mcnemar = mcnemar_exact(pair.common_gained, pair.common_lost);
    sweep.common.push_back(comparison);
  }
  correct(sweep.with_base);
  correct(sweep.common);
  return sweep;
}

}  // namespace relevid::audit
