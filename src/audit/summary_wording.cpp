// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "audit/summary.h"
#include "audit/wording.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using statistics::Chance;
using statistics::counted;
using statistics::Estimate;
using statistics::kFewestTrainings;
using statistics::kPercent;
using statistics::number;
using statistics::short_name;
using statistics::TrainingsEstimate;

namespace {

constexpr size_t kMostTrainings = 6, kLabelWidth = 40;

/// "1 of 6 trainings is", "2 of 6 trainings are"
std::string part_of(int64_t count, const Summary& s) {
  return fmt::format("{} of {} trainings {}", count, s.trainings.size(), count == 1 ? "is" : "are");
}

/// "c.db, 25.0 % right; d.db, 26.0 % right"
std::string names_of(const Summary& s, Withheld::Why why) {
  std::vector<std::string> names;
  for (const Training& training : s.trainings) {
    if (!training.withheld() || training.withheld()->why != why) continue;
    const Chance& chance = training.report.statistics.chance;
    names.push_back(short_name(training.label, kLabelWidth));
    if (chance.labelled > 0) names.back() += fmt::format(", {} % right", number(chance.accuracy(), kPercent));
  }
  const size_t more = names.size() > kMostTrainings ? names.size() - kMostTrainings : 0;
  names.resize(names.size() - more);
  return fmt::format("{}{}", fmt::join(names, "; "), more > 0 ? fmt::format("; and {} more", more) : "");
}

std::string left_out(const Summary& s) {
  std::string text;
  if (s.counts.at_chance > 0) {
    text = fmt::format("{} not distinguishable from chance ({}).", part_of(s.counts.at_chance, s),
                       names_of(s, Withheld::Why::kAtChance));
  }
  if (s.counts.without_relevance > 0) {
    text += fmt::format("{}{} without relevance at the input for most videos ({}).", text.empty() ? "" : " ",
                        part_of(s.counts.without_relevance, s), names_of(s, Withheld::Why::kNoRelevance));
  }
  if (text.empty()) return text;
  if (s.counts.used == 0)
    return text + " So there is no excess; accuracy and gain are those of all trainings.";
  return text + " Left out of excess, accuracy and gain over trainings.";
}

std::string verdicts(const Summary& s) {
  const SummaryCounts& c = s.counts;
  const auto all = static_cast<int64_t>(s.trainings.size());
  std::string text = fmt::format("Border effect in {} of {} trainings", c.present, all);
  const int64_t none = all - c.present - c.absent - c.cant_tell;
  for (const auto& [count, what] :
       {std::pair{c.absent, "none in"}, {c.cant_tell, "can't tell in"}, {none, "no verdict on"}}) {
    if (count > 0) text += fmt::format(", {} {}", what, count);
  }
  return text;
}

std::string over(const TrainingsEstimate& e) {
  return fmt::format("over {} and {}", counted(e.trainings, "training"), counted(e.videos, "video"));
}

std::string effect(const Summary& s) {
  const TrainingsEstimate& excess = s.base().excess;
  if (s.counts.used == 0) return verdicts(s) + ": no training is left whose relevance means anything.";
  if (excess.trainings == 0) return verdicts(s) + ": without a null profile there is no excess.";
  const auto verdict = std::ranges::find_if(s.trainings, [](const Training& t) { return !t.withheld(); });
  const std::string seen = fmt::format(
      "{}: at interval {}, {} carry {} times the relevance that the architecture alone gives them",
      verdicts(s), s.base().interval, border_of(verdict->report.statistics.verdict),
      times(as_estimate(excess)));
  if (!excess.has_interval()) {
    return fmt::format("{}, on average. {} {} too few for an interval over trainings.", seen,
                       counted(excess.trainings, "training"), excess.trainings == 1 ? "is" : "are");
  }
  if (!excess.reliable())
    return fmt::format("{}, from too few videos, {}.", seen, counted(excess.videos, "video"));
  const char* place = s.effect == BorderEffect::kPresent  ? "above"
                      : s.effect == BorderEffect::kAbsent ? "below"
                                                          : "which neither passes nor excludes";
  return fmt::format("{}, {} the smallest excess of interest, {:.2f}, {}.", seen, place,
                     1 + s.options().smallest_excess, over(excess));
}

std::string fading(const Summary& s) {
  const IntervalSummary* last = nullptr;
  for (const IntervalSummary& one : s.intervals) {
    if (one.change.has_interval() && one.accuracy.trainings > 0) last = &one;
  }
  if (!last) return "";
  const Estimate change = as_estimate(last->change), down{-change.value, -change.high, -change.low, 0, 0};
  const std::string from =
      fmt::format("from {:.2f} at interval {} to {:.2f} at interval {}", s.base().excess.value,
                  s.base().interval, last->excess.value, last->interval);
  if (change.high < 0) return fmt::format("The excess falls {}, by {}.", from, times(down));
  if (change.low > 0) return fmt::format("The excess rises {}, by {}.", from, times(change));
  return fmt::format("The excess goes {}, a change of {}, which may be none.", from, times(change));
}

std::string gain(const Summary& s) {
  const SharedChoice& c = s.choice;
  const int64_t intervals = std::ranges::count_if(
      s.intervals, [](const IntervalSummary& one) { return one.accuracy.trainings > 0; });
  if (intervals == 0) return "No gain to speak of: no labelled video fits all intervals.";
  if (intervals == 1) return "No gain to speak of: no other interval was compared.";
  if (s.base().accuracy.trainings < kFewestTrainings)
    return "No interval is chosen for all trainings together: they are too few.";
  const bool advises = s.counts.used > 0;
  const std::string keep =
      advises ? fmt::format("Keep interval {}", c.base) : "No advice, as no training is left";
  if (!c.gain) {
    return fmt::format(
        "{}: on {} for choosing, no other interval was better than {} over all trainings by more than "
        "noise.",
        keep, counted(c.choice_videos, "video"), c.base);
  }
  const Estimate gain = as_estimate(*c.gain);
  const std::string found = fmt::format("{} in accuracy on the other half, {}", points(gain), over(*c.gain));
  if (advises && c.gain->reliable() && gain.low > 0) {
    return fmt::format(
        "Use interval {} instead of {}: chosen for all trainings together on one half of the "
        "videos, it gains {}.",
        c.chosen, c.base, found);
  }
  return fmt::format("{}{}: interval {} was chosen on one half of the videos; its gain over {} is {}{}.",
                     keep, advises ? " for now" : "", c.chosen, c.base, found,
                     gain.low > 0 ? ", from too few videos for advice" : ", which may be none");
}

std::string advice(const Summary& s) {
  const int64_t none = std::ssize(s.trainings) - s.counts.change - s.counts.keep;
  std::map<int64_t, int64_t> changes;
  for (const Training& training : s.trainings) {
    const Recommendation& r = training.report.statistics.recommendation;
    if (r.advice == Advice::kChange) ++changes[r.advised];
  }
  std::vector<std::string> parts;
  parts.reserve(changes.size() + 1);
  for (const auto& [interval, count] : changes)
    parts.push_back(fmt::format("{} should use interval {}", count, interval));
  if (s.counts.keep > 0)
    parts.push_back(fmt::format("{} should keep interval {}", s.counts.keep, s.base().interval));
  if (none > 0) parts.push_back(fmt::format("{} get no advice", none));
  return fmt::format(
      "Audited one by one, of {} trainings {}. A significant gain is seen in {}; without any gain, at most "
      "2.5 % of trainings show one by chance.",
      s.trainings.size(), fmt::join(parts, ", "), s.counts.significant_gains);
}

std::string videos(const Summary& s) {
  switch (s.sharing) {
    case Sharing::kSame:
      return fmt::format(
          "The same {} for all trainings: intervals take a video as drawn for all of them at once.",
          counted(s.videos, "video"));
    case Sharing::kOwn:
      return fmt::format("{} in all, each seen by one training alone.", counted(s.videos, "video"));
    case Sharing::kSome:
      break;
  }
  return fmt::format(
      "{} in all, some of them seen by several trainings: intervals take those as drawn for all of "
      "them at once.",
      counted(s.videos, "video"));
}

}  // namespace

SummarySentences sentences_of(const Summary& s) {
  return {left_out(s), effect(s), fading(s), gain(s), advice(s), videos(s)};
}

}  // namespace relevid::audit
