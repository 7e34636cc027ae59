// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "audit/report_values.h"
#include "audit/summary.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using statistics::Estimate;
using statistics::kFewestTrainings;
using statistics::kFewVideos;
using statistics::kPercent;
using statistics::kPoints;
using statistics::kRatio;
using statistics::number;
using statistics::NumberStyle;
using statistics::short_name;
using statistics::TrainingsEstimate;
using statistics::with_interval;
using statistics::wrapped;

namespace {

std::string_view effect_of(const Training& training) {
  if (const auto& withheld = training.withheld())
    return withheld->why == Withheld::Why::kAtChance ? "at chance" : "none";
  const BorderEffect effect = training.report.statistics.verdict.effect;
  return effect == BorderEffect::kCantTell ? "can't tell" : word(effect);
}

/// Writes the page from top to bottom.
class SummaryPage {
 public:
  explicit SummaryPage(const Summary& summary) : summary_(summary) {}

  std::string write() {
    const SummarySentences& s = summary_.sentences;
    add("LEFT OUT", s.left_out);
    add("effect", s.effect);
    add("fading", s.fading);
    add("gain", s.gain);
    add("advice", s.advice);
    add("videos", s.videos);
    add_intervals();
    add_trainings();
    if (unreliable_) {
      page_ += fmt::format(
          "\n~ from fewer than {} trainings or {} videos: no interval, or one that is not to be "
          "trusted\n",
          kFewestTrainings, kFewVideos);
    }
    return page_;
  }

 private:
  static constexpr size_t kWidth = 100, kIndent = 13, kNameWidth = 22;

  void add(std::string_view name, std::string_view text) {
    if (!text.empty()) page_ += fmt::format("{:<{}}{}\n", name, kIndent, wrapped(text, kWidth, kIndent));
  }
  void add_line(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    page_ += line + '\n';
  }

  std::string cell(const TrainingsEstimate& e, const NumberStyle& style) {
    if (e.trainings == 0) return "n/a";
    unreliable_ = unreliable_ || !e.reliable();
    return with_interval(as_estimate(e), style) + (e.reliable() ? "" : "~");
  }
  std::string cell(const std::optional<Estimate>& e, const NumberStyle& style) {
    if (!e || !std::isfinite(e->value)) return "n/a";
    unreliable_ = unreliable_ || !e->reliable();
    return with_interval(*e, style) + (e->reliable() ? "" : "~");
  }

  void add_intervals();
  void add_trainings();
  void add_training(const Training& training);

  const Summary& summary_;
  std::string page_;
  bool unreliable_ = false;
};

void SummaryPage::add_intervals() {
  page_ += fmt::format(
      "\nMean over trainings [95 % interval over trainings and videos]; change, gain: over interval {}\n",
      summary_.base().interval);
  add_line(fmt::format("{:>8} {:<19} {:<22} {:<20} {}", "interval", "excess", "change", "videos right, %",
                       "gain, points"));
  for (const IntervalSummary& one : summary_.intervals) {
    const bool base = one.interval == summary_.base().interval;
    add_line(fmt::format("{:>8} {:<19} {:<22} {:<20} {}", one.interval, cell(one.excess, kRatio),
                         base ? "base" : cell(one.change, {1, 2, NumberStyle::Sign::kBoth}),
                         cell(one.accuracy, kPercent), base ? "base" : cell(one.gain, kPoints)));
  }
}

void SummaryPage::add_trainings() {
  page_ += fmt::format(
      "\nEach training [95 % interval over its videos] at interval {}; the interval it advises; its "
      "gain\n",
      summary_.base().interval);
  add_line(fmt::format("{:<{}} {:>6} {:>8} {:<19} {:<10} {:<3} {}", "run", kNameWidth, "videos", "right, %",
                       "excess", "effect", "use", "gain, points"));
  for (const Training& training : summary_.trainings) add_training(training);
}

/// The gain is that of the interval which the training's own audit chose, on the videos that had no part in
/// it.
void SummaryPage::add_training(const Training& training) {
  const Statistics& s = training.report.statistics;
  const Recommendation& r = s.recommendation;
  const std::string use = r.advice == Advice::kNone ? "n/a" : fmt::format("{}", r.advised);
  const std::string gain = r.gain ? fmt::format("{} at {}", cell(r.gain, kPoints), r.chosen) : "";
  add_line(fmt::format("{:<{}} {:>6} {:>8} {:<19} {:<10} {:<3} {}", short_name(training.label, kNameWidth),
                       kNameWidth, s.videos, number(s.chance.accuracy(), kPercent),
                       cell(s.verdict.excess, kRatio), effect_of(training), use, gain));
}

}  // namespace

std::string text_of(const Summary& summary) {
  return SummaryPage(summary).write();
}

}  // namespace relevid::audit
