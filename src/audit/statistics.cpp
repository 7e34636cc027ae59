// SPDX-License-Identifier: Apache-2.0
#include "audit/statistics.h"

#include <fmt/format.h>

#include "audit/position.h"
#include "audit/profile.h"
#include "audit/survey.h"
#include "relevid/error.h"
#include "statistics/bootstrap.h"

namespace relevid::audit {

using run::Condition;
using statistics::Bootstrap;
using statistics::ChanceSums;

namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, "statistics: " + what);
}

void check(const std::vector<Condition>& conditions, const StatisticsOptions& options) {
  require(options.replicates >= 100 && options.replicates <= 100000,
          fmt::format("{} bootstrap replicates; 100 to 100000 will do", options.replicates));
  require(options.smallest_excess > 0 && options.smallest_excess <= 1,
          fmt::format("a smallest excess of {}; above 0 and up to 1 will do", options.smallest_excess));
  require(options.smallest_gain > 0 && options.smallest_gain <= 1,
          fmt::format("a smallest gain of {}; above 0 and up to 1 will do", options.smallest_gain));
  for (const Condition& condition : conditions) {
    require(condition.frame_interval >= 1,
            fmt::format("a frame interval of {}; 1 or more will do", condition.frame_interval));
  }
}

Verdict bare_verdict(const ConditionStatistics& base, int64_t frames, double smallest_excess) {
  for (const BorderEstimate& border : base.all.borders) {
    if (border.k != main_border_width(frames)) continue;
    return verdict_on(border.ratio, border.excess, base.condition.frame_interval, frames, smallest_excess);
  }
  return verdict_on({}, std::nullopt, base.condition.frame_interval, frames, smallest_excess);
}

/// With what stands against it, and the videos that are not in it.
Verdict verdict_at(const ConditionStatistics& base, int64_t frames, double smallest_excess,
                   const std::optional<Withheld>& withheld) {
  Verdict verdict = bare_verdict(base, frames, smallest_excess);
  count_in(verdict, base.videos, base.without_relevance);
  if (withheld) withhold(verdict, *withheld);
  return verdict;
}

std::optional<std::vector<double>> null_profile_of(const StatisticsOptions& options, int64_t frames) {
  if (!options.null_profile || frames == 0) return std::nullopt;
  return checked_null_profile(*options.null_profile, frames);
}

}  // namespace

Statistics analyse(const VideoSource& source, const std::vector<Condition>& conditions,
                   const StatisticsOptions& options) {
  check(conditions, options);
  const Survey found = survey(source, conditions);
  const ComparedIntervals intervals = compared_intervals(conditions, found, options.base_interval);
  Bootstrap bootstrap(options.seed, options.replicates);
  ConditionSums by_condition(bootstrap, conditions, found, null_profile_of(options, found.frames));
  SweepSums sweep(bootstrap, conditions, intervals);
  ControlSums controls(bootstrap, conditions, found.frames);
  RecommendationSums recommendation(bootstrap, conditions, intervals, found);
  PositionSums positions(bootstrap, found);
  ChanceSums chance;
  int64_t videos = 0;
  source([&](const run::VideoRecord& video) {
    ++videos;
    bootstrap.next_video(video.video.sha256);
    by_condition.add(video);
    sweep.add(video);
    controls.add(video);
    recommendation.add(video);
    positions.add(video);
    const auto& base = video.by_condition[intervals.base];
    if (base) chance.add(video.video.label, base->predicted);
  });
  if (videos != found.videos) {
    throw Error(ErrorKind::kInternal,
                fmt::format("statistics: the source gave {} videos, then {}", found.videos, videos));
  }
  Statistics statistics;
  statistics.frames = found.frames;
  statistics.videos = found.videos;
  statistics.labelled = found.labelled;
  statistics.copies = found.halves.copies();
  statistics.conditions = by_condition.result();
  for (size_t i = 0; i < conditions.size(); ++i) statistics.conditions[i].position = positions.result(i);
  statistics.sweep = sweep.result();
  statistics.chance = chance.result();
  const auto withheld =
      withheld_by(statistics.chance, found.observed[intervals.base], found.without_relevance[intervals.base]);
  statistics.verdict =
      verdict_at(statistics.conditions[intervals.base], found.frames, options.smallest_excess, withheld);
  statistics.second_method = second_method(statistics.conditions, statistics.verdict);
  statistics.controls = controls.result(options.smallest_excess);
  statistics.recommendation = recommendation.result(options.smallest_gain);
  if (withheld) withhold(statistics.recommendation, *withheld);
  return statistics;
}

}  // namespace relevid::audit
