// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "api/run_settings.h"
#include "audit/report.h"
#include "relevid/audit_page.h"
#include "report/audit_figure.h"
#include "statistics/report_numbers.h"

namespace relevid {
namespace {

using report::AuditFigure;
using report::FigureControl;
using report::FigureInterval;

constexpr size_t kDigestDigits = 12;

report::Interval interval_of(const statistics::Estimate& e) {
  return {e.value, e.low, e.high};
}

FigureInterval::Role role_of(int64_t interval, const audit::Recommendation& advice) {
  using Role = FigureInterval::Role;
  const bool base = interval == advice.base;
  // Without evidence the base is kept, which is no recommendation of it.
  const bool evidence =
      advice.advice != audit::Advice::kTooFewVideos && advice.advice != audit::Advice::kNone;
  const bool advised = evidence && interval == advice.advised;
  if (advised) return base ? Role::kBaseAndAdvised : Role::kAdvised;
  return base ? Role::kBase : Role::kOther;
}

FigureInterval figure_interval(const audit::ConditionStatistics& condition, const audit::Statistics& s) {
  FigureInterval figure;
  figure.interval = condition.condition.frame_interval;
  if (condition.rate) figure.rate = statistics::rate(condition.rate);
  figure.videos = condition.videos;
  figure.role = role_of(figure.interval, s.recommendation);
  if (condition.all.videos > 0)
    for (const statistics::Estimate& share : condition.all.shares)
      figure.shares.push_back(interval_of(share));
  const auto border = std::ranges::find(condition.all.borders, s.verdict.k, &audit::BorderEstimate::k);
  if (border != condition.all.borders.end()) {
    figure.border_ratio = interval_of(border->ratio);
    figure.reliable = border->ratio.videos == 0 || border->ratio.reliable();
  }
  const auto compared = std::ranges::find(s.sweep.compared, figure.interval);
  const auto place = static_cast<size_t>(compared - s.sweep.compared.begin());
  if (compared != s.sweep.compared.end() && s.sweep.common_videos > 0)
    figure.accuracy = interval_of(s.sweep.common_accuracy.at(place).video1);
  return figure;
}

std::string control_name(const run::Condition& condition) {
  switch (condition.control.value()) {
    case AuditControl::kRandomWeights:
      return "random weights";
    case AuditControl::kFrozen:
      return "one frame repeated";
    case AuditControl::kShuffled:
      return "frames shuffled";
    case AuditControl::kReversed:
      return "frames reversed";
    case AuditControl::kShifted:
      return fmt::format("shifted by {}", statistics::counted(condition.shift_frames, "frame"));
    default:
      return std::string(name(condition));
  }
}

std::vector<FigureControl> figure_controls(const audit::Controls& controls) {
  std::vector<FigureControl> shown;
  for (const audit::BorderControl& control : controls.border) {
    shown.push_back({control_name(control.condition), interval_of(control.relative), {control.sentence}});
    for (const audit::FollowControl& follow : controls.follow)
      if (follow.condition == control.condition) shown.back().sentences.push_back(follow.sentence);
  }
  return shown;
}

void add_facts(AuditFigure& figure, const audit::Report& report) {
  const run::Manifest& m = report.manifest;
  const RunCounts& counts = report.counts;
  figure.facts = {
      {"Model",
       fmt::format("{}, {} classes, clips of {}; explained by {}", m.model_sha256.substr(0, kDigestDigits),
                   m.class_count, statistics::counted(m.clip_len, "frame"), method_name_of(m))},
      {"Data", fmt::format("{}: {}, {} labelled; {} left out", m.dataset_sha256.substr(0, kDigestDigits),
                           statistics::counted(report.statistics.videos, "video"), report.statistics.labelled,
                           counts.done - counts.ok)},
      {"Clips", fmt::format("{}", report.clips)}};
  if (!counts.complete()) {
    figure.warnings.push_back(fmt::format(
        "UNFINISHED: {} of {} videos are in this run; all below is of these.", counts.done, counts.expected));
  }
  if (m.shard.count > 1) {
    figure.warnings.push_back(fmt::format("PART: shard {} of a data set of {}.", to_string(m.shard),
                                          statistics::counted(m.dataset_rows, "video")));
  }
}

AuditFigure figure_of(const audit::Report& report) {
  const audit::Statistics& s = report.statistics;
  AuditFigure figure;
  figure.title = report.run;
  add_facts(figure, report);
  figure.verdict = s.verdict.sentence;
  figure.recommendation = s.recommendation.sentence;
  for (const audit::ConditionStatistics& condition : s.conditions)
    if (!condition.condition.control) figure.intervals.push_back(figure_interval(condition, s));
  std::ranges::sort(figure.intervals, {}, &FigureInterval::interval);
  figure.border_frames = s.verdict.k;
  figure.accuracy_videos = s.sweep.common_videos;
  if (report.options.null_profile) {
    figure.null_shares = audit::checked_null_profile(*report.options.null_profile, report.manifest.clip_len);
    const double even =
        2.0 * static_cast<double>(s.verdict.k) / static_cast<double>(figure.null_shares.size());
    figure.null_ratio = audit::border_share(figure.null_shares, s.verdict.k) / even;
  }
  figure.controls = figure_controls(s.controls);
  const bool few = std::ranges::any_of(figure.intervals, [](const auto& one) { return !one.reliable; });
  figure.note = fmt::format("relevid {}; bootstrap of {} replicates, seed {}{}", RELEVID_VERSION,
                            report.options.replicates, report.options.seed,
                            few ? "; pale: from fewer than ten videos, not to be trusted" : "");
  return figure;
}

}  // namespace

void draw_audit_figure(const std::filesystem::path& path, const std::filesystem::path& run,
                       const ReportOptions& options) {
  run::RunReader reader(run);
  report::draw_audit_figure(path, figure_of(audit::make_report(reader, run.filename().string(), options)));
}

}  // namespace relevid
