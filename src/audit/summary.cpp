// SPDX-License-Identifier: Apache-2.0
#include "audit/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "audit/observations.h"
#include "relevid/error.h"

namespace relevid::audit {

using run::RunReader;
using statistics::Estimate;
using statistics::Guard;
using statistics::kFewestTrainings;
using statistics::mean_of;
using statistics::over_trainings;
using statistics::TrainingsEstimate;
using statistics::TrainingValues;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Those that a mean is over.
using Trainings = std::vector<const Training*>;

/// `value` of every video that has one: optional<double>.
template <typename Value>
std::vector<TrainingValues> values_of(const Trainings& trainings, Value&& value) {
  std::vector<TrainingValues> all;
  for (const Training* training : trainings) {
    TrainingValues& values = all.emplace_back();
    for (const TrainingVideo& video : training->videos)
      if (const std::optional<double> one = value(video)) values.emplace_back(video.video, *one);
  }
  return all;
}

std::optional<double> known(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

/// Fills a summary from its trainings, statistic by statistic.
class Summariser {
 public:
  explicit Summariser(Summary& summary) : summary_(summary) {
    for (const Training& training : summary.trainings) {
      all_.push_back(&training);
      if (!training.withheld()) used_.push_back(&training);
    }
    for (const size_t i : interval_conditions(summary.manifest()))
      intervals_.push_back(summary.manifest().conditions[i].frame_interval);
    base_ = place_of(summary.options().base_interval);
    for (size_t i = 0; i < intervals_.size(); ++i)
      if (is_compared(intervals_[i])) compared_.push_back(i);
  }

  void fill() {
    count();
    count_videos();
    for (size_t i = 0; i < intervals_.size(); ++i) summary_.intervals.push_back(interval(i));
    choose();
    weigh();
  }

 private:
  size_t place_of(int64_t interval) const {
    return static_cast<size_t>(std::ranges::find(intervals_, interval) - intervals_.begin());
  }
  /// In every run.
  bool is_compared(int64_t interval) const {
    return std::ranges::all_of(all_, [&](const Training* training) {
      const auto& compared = training->report.statistics.sweep.compared;
      return std::ranges::find(compared, interval) != compared.end();
    });
  }
  bool fits_all(const TrainingVideo& video) const {
    return video.labelled &&
           std::ranges::all_of(compared_, [&](size_t i) { return video.right[i].has_value(); });
  }
  /// Accuracy and gain need no network that has learnt.
  const Trainings& of_accuracy() const { return used_.empty() ? all_ : used_; }

  std::optional<double> right(const TrainingVideo& video, size_t i) const {
    return fits_all(video) ? std::optional(*video.right[i] ? 1.0 : 0.0) : std::nullopt;
  }
  std::optional<double> gain(const TrainingVideo& video, size_t i, size_t over) const {
    return fits_all(video) ? std::optional(*right(video, i) - *right(video, over)) : std::nullopt;
  }

  void count();
  void count_videos();
  IntervalSummary interval(size_t i) const;
  void add_accuracy(size_t i, IntervalSummary& result) const;
  void choose();
  TrainingsEstimate half_gain(size_t i, size_t over, bool for_report) const;
  void weigh();

  Summary& summary_;
  Trainings all_, used_;
  std::vector<int64_t> intervals_;
  std::vector<size_t> compared_;  ///< places among the intervals
  size_t base_ = 0;
};

void Summariser::count() {
  SummaryCounts& counts = summary_.counts;
  counts.used = std::ssize(used_);
  for (const Training* training : all_) {
    const Statistics& s = training->report.statistics;
    const auto& withheld = training->withheld();
    counts.at_chance += withheld && withheld->why == Withheld::Why::kAtChance ? 1 : 0;
    counts.without_relevance += withheld && withheld->why == Withheld::Why::kNoRelevance ? 1 : 0;
    counts.present += s.verdict.effect == BorderEffect::kPresent ? 1 : 0;
    counts.absent += s.verdict.effect == BorderEffect::kAbsent ? 1 : 0;
    counts.cant_tell += s.verdict.effect == BorderEffect::kCantTell ? 1 : 0;
    counts.change += s.recommendation.advice == Advice::kChange ? 1 : 0;
    counts.keep +=
        s.recommendation.advice == Advice::kKeep || s.recommendation.advice == Advice::kTooFewVideos ? 1 : 0;
    counts.significant_gains += gain_is_significant(s.recommendation) ? 1 : 0;
  }
}

void Summariser::count_videos() {
  std::unordered_map<size_t, int64_t> seen_by;
  for (const Training* training : all_) {
    std::vector<size_t> own;
    for (const TrainingVideo& video : training->videos) own.push_back(video.video);
    std::ranges::sort(own);
    own.erase(std::unique(own.begin(), own.end()), own.end());
    for (const size_t video : own) ++seen_by[video];
  }
  summary_.videos = std::ssize(seen_by);
  const auto seen = [&](auto&& holds) {
    return std::ranges::all_of(seen_by, [&](const auto& one) { return holds(one.second); });
  };
  const int64_t count = std::ssize(all_);
  summary_.sharing = seen([&](int64_t by) { return by == count; }) ? Sharing::kSame
                     : seen([](int64_t by) { return by == 1; })    ? Sharing::kOwn
                                                                   : Sharing::kSome;
}

IntervalSummary Summariser::interval(size_t i) const {
  IntervalSummary result;
  result.interval = intervals_[i];
  const auto excess = [&](const TrainingVideo& video) { return known(video.excess[i]); };
  result.excess = over_trainings(values_of(used_, excess), Guard::kNone);
  if (result.excess.low < 0) result.excess.low = 0;  // a ratio is never negative
  for (const TrainingValues& one : values_of(all_, excess)) result.excess_of.push_back(mean_of(one));
  if (i != base_) {
    const auto change = [&](const TrainingVideo& video) {
      return known(video.excess[i] - video.excess[base_]);
    };
    result.change = over_trainings(values_of(used_, change), Guard::kNone);
  }
  if (std::ranges::find(compared_, i) == compared_.end()) {
    result.accuracy_of.assign(all_.size(), kNone);
    return result;
  }
  add_accuracy(i, result);
  return result;
}

void Summariser::add_accuracy(size_t i, IntervalSummary& result) const {
  const auto accuracy = [&](const TrainingVideo& video) { return right(video, i); };
  result.accuracy = over_trainings(values_of(of_accuracy(), accuracy), Guard::kProportion);
  for (const TrainingValues& one : values_of(all_, accuracy)) result.accuracy_of.push_back(mean_of(one));
  if (i == base_) return;
  const auto over_base = [&](const TrainingVideo& video) { return gain(video, i, base_); };
  result.gain = over_trainings(values_of(of_accuracy(), over_base), Guard::kDifference);
}

TrainingsEstimate Summariser::half_gain(size_t i, size_t over, bool for_report) const {
  const auto value = [&](const TrainingVideo& video) {
    return video.for_report == for_report ? gain(video, i, over) : std::nullopt;
  };
  return over_trainings(values_of(of_accuracy(), value), Guard::kDifference);
}

/// As a single run's recommendation (Note [Choice and report] in recommendation.cpp): within noise of the
/// best are intervals that fall short by no more than one standard error of the difference, which here is
/// over trainings and videos; the base is taken if it is one of them, otherwise the smallest.
void Summariser::choose() {
  SharedChoice& choice = summary_.choice;
  choice.base = choice.chosen = intervals_[base_];
  choice.choice_videos = half_gain(base_, base_, false).videos;
  choice.report_videos = half_gain(base_, base_, true).videos;
  if (std::ssize(of_accuracy()) < kFewestTrainings || choice.choice_videos == 0) return;
  size_t best = compared_.front();
  for (const size_t i : compared_)
    if (half_gain(i, best, false).value > 0) best = i;
  const auto within_noise = [&](size_t i) {
    const TrainingsEstimate short_by = half_gain(best, i, false);
    return i == best || short_by.value <= short_by.standard_error;
  };
  if (within_noise(base_)) return;
  const size_t chosen = *std::ranges::find_if(compared_, within_noise);
  choice.chosen = intervals_[chosen];
  choice.gain = half_gain(chosen, base_, true);
}

void Summariser::weigh() {
  const TrainingsEstimate& excess = summary_.base().excess;
  const double limit = 1 + summary_.options().smallest_excess;
  if (used_.empty()) {
    summary_.effect = BorderEffect::kNoVerdict;
  } else if (excess.reliable()) {
    if (excess.low > limit) summary_.effect = BorderEffect::kPresent;
    if (excess.high < limit) summary_.effect = BorderEffect::kAbsent;
  }
}

void check_runs(std::span<const LabelledRun> runs) {
  if (std::ssize(runs) < kFewestTrainings) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a summary takes the runs of {} trainings or more, and there {} {}: from fewer there "
                    "is no interval over trainings. --format html puts two runs side by side",
                    kFewestTrainings, runs.size() == 1 ? "is" : "are", runs.size()));
  }
  std::error_code ignored;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (std::filesystem::weakly_canonical(runs[i].path, ignored) !=
          std::filesystem::weakly_canonical(runs[j].path, ignored))
        continue;
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("{} is given twice; in a summary each training counts once", runs[i].path.string()));
    }
  }
}

}  // namespace

const IntervalSummary& Summary::base() const {
  return *std::ranges::find(intervals, options().base_interval, &IntervalSummary::interval);
}

Estimate as_estimate(const TrainingsEstimate& e) {
  return {e.value, e.low, e.high, e.standard_error, e.videos};
}

Summary summarise(std::span<const LabelledRun> runs, const ReportOptions& options) {
  check_runs(runs);
  std::vector<Training> trainings;
  for (const LabelledRun& run : runs) {
    RunReader reader(run.path);
    Training& training = trainings.emplace_back();
    training.label = run.label;
    training.report.manifest = reader.manifest();
    training.report.counts = reader.counts();
  }
  check_trainings(trainings);
  TrainingVideos videos;
  for (size_t i = 0; i < runs.size(); ++i) {
    RunReader reader(runs[i].path);
    trainings[i].report = make_report(reader, runs[i].label, options);
    videos.read(trainings[i], videos_of(reader));
  }
  videos.deal(trainings);
  return summary_of(std::move(trainings));
}

Summary summary_of(std::vector<Training> trainings) {
  Summary summary;
  summary.trainings = std::move(trainings);
  Summariser(summary).fill();
  summary.sentences = sentences_of(summary);
  return summary;
}

}  // namespace relevid::audit
