// SPDX-License-Identifier: Apache-2.0
#include "evaluate/warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "evaluate/plan.h"

namespace relevid::evaluate {
namespace {

/// Below this part of its value the score hardly falls when everything is filled.
constexpr double kSmallFall = 0.1;

std::string against_random(const Ranked& ranked) {
  const char* meaning = !ranked.above_random.has_interval() ? "no interval"
                        : ranked.above_random.high < 0
                            ? "worse than chance: what it puts last matters more to the model"
                            : "no significant difference";
  return fmt::format("{} ({} against it: {})", ranked.method, in_words(ranked.above_random), meaning);
}

std::string in_words(std::string_view measure) {
  if (measure == "share_inside") return "the share of relevance on the objects";
  if (measure == "pointing") return "the pointing game";
  if (measure == "randomised_rank") return "similarity after random layers";
  if (measure == "class") return "the correlation with the runner-up's map";
  return fmt::format("the check {}", measure);
}

}  // namespace

std::string in_words(const statistics::Estimate& estimate) {
  if (std::isnan(estimate.value)) return "-";
  if (!estimate.has_interval()) return fmt::format("{:.3f}", estimate.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", estimate.value, estimate.low, estimate.high);
}

std::vector<std::string> warnings_of(const FlippingResult& result) {
  std::vector<std::string> warnings;
  if (result.pairs > 0 && result.significant_pairs == 0) {
    warnings.push_back(fmt::format(
        "it ranks no method above another on these {} videos: no two of them differ at 95 %", result.videos));
  }
  std::vector<std::string> below, like;
  for (const Ranked& ranked : result.ranking) {
    if (ranked.method == kRandom) continue;
    if (ranked.above_random.value <= 0) {
      below.push_back(against_random(ranked));
    } else if (!(ranked.above_random.low > 0)) {
      like.push_back(ranked.method);
    }
  }
  if (!below.empty())
    warnings.push_back(fmt::format("a random order is not last; below it: {}", fmt::join(below, "; ")));
  if (!like.empty())
    warnings.push_back(fmt::format("above a random order, but not significantly: {}", fmt::join(like, ", ")));
  if (std::abs(result.whole - result.flipped) < kSmallFall * std::abs(result.whole)) {
    warnings.push_back(
        fmt::format("with everything flipped the model still gives {:.3f}, of {:.3f}: this fill leaves what "
                    "the model uses, and the curves say little",
                    result.flipped, result.whole));
  }
  return warnings;
}

std::vector<std::string> warnings_of(const Evaluation& result) {
  std::vector<std::string> warnings;
  if (result.counts.ok < statistics::kFewVideos) {
    warnings.push_back(fmt::format("{} videos: intervals of fewer than {} are not to be trusted",
                                   result.counts.ok, statistics::kFewVideos));
  }
  bool measured = false, on_object = false;
  for (const MeasureResult& measure : result.measures) {
    if (measure.measure != "share_over_area") continue;
    if (measure.method == kRandom || measure.method == kCentrePrior) continue;
    measured = true;
    on_object |= measure.value.low > 1;
  }
  for (const MeasurePower& power : result.powers) {
    if (power.pairs == 0 || power.significant_pairs > 0) continue;
    const std::string versus = power.versus.empty() ? "" : fmt::format(" ({} layers)", power.versus);
    warnings.push_back(
        fmt::format("{}{} ranks no method above another on these {} videos: no two of them differ at 95 %",
                    in_words(power.measure), versus, result.counts.ok));
  }
  if (measured && !on_object)
    warnings.emplace_back("no method's relevance is on the objects more than their area's share at 95 %");
  return warnings;
}

}  // namespace relevid::evaluate
