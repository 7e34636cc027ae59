// SPDX-License-Identifier: Apache-2.0
#include "evaluate/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/suggest.h"
#include "evaluate/flipping.h"
#include "relevid/error.h"

namespace relevid::evaluate {
namespace {

template <class T>
T parse(std::string_view text, std::string_view what, const std::vector<T>& values) {
  std::vector<std::string> names;
  for (const T value : values) {
    if (name(value) == text) return value;
    names.emplace_back(name(value));
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("'{}' is no {}{}; it is one of {}", text, what,
                          did_you_mean(std::string(text), names), fmt::join(names, ", ")));
}

/// How many regions a kind makes; of superpixels the most.
int64_t region_count(const EvaluationPlan& plan, RegionKind kind, const Volume& volume) {
  switch (kind) {
    case RegionKind::kFrames:
      return volume.frames;
    case RegionKind::kCells:
      return std::min(plan.cells.frames, volume.frames) * std::min(plan.cells.height, volume.height) *
             std::min(plan.cells.width, volume.width);
    case RegionKind::kSuperpixels:
      return plan.superpixels;
  }
  return 0;
}

}  // namespace

std::string_view name(RegionKind kind) {
  switch (kind) {
    case RegionKind::kFrames:
      return "frames";
    case RegionKind::kCells:
      return "cells";
    case RegionKind::kSuperpixels:
      return "superpixels";
  }
  return "";
}

std::string_view name(Fill fill) {
  switch (fill) {
    case Fill::kPrevious:
      return "previous";
    case Fill::kBlur:
      return "blur";
    case Fill::kMean:
      return "mean";
    case Fill::kNoise:
      return "noise";
  }
  return "";
}

std::string_view name(Check check) {
  switch (check) {
    case Check::kAgreement:
      return "agreement";
    case Check::kClass:
      return "class";
    case Check::kShift:
      return "shift";
    case Check::kOffset:
      return "offset";
    case Check::kInvariance:
      return "invariance";
    case Check::kRandomised:
      return "randomised";
  }
  return "";
}

Flipping parse_flipping(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("'{}' says what is flipped or by what it is filled, not both: write REGIONS:FILL, "
                    "such as cells:blur",
                    text));
  }
  return {parse(text.substr(0, colon), "kind of region",
                std::vector{RegionKind::kFrames, RegionKind::kCells, RegionKind::kSuperpixels}),
          parse(text.substr(colon + 1), "fill",
                std::vector{Fill::kPrevious, Fill::kBlur, Fill::kMean, Fill::kNoise})};
}

std::string to_string(const Flipping& flipping) {
  return fmt::format("{}:{}", name(flipping.regions), name(flipping.fill));
}

const std::vector<Check>& all_checks() {
  static const std::vector<Check> kAll = {Check::kAgreement, Check::kClass,      Check::kShift,
                                          Check::kOffset,    Check::kInvariance, Check::kRandomised};
  return kAll;
}

Check parse_check(std::string_view text) {
  return parse(text, "check", all_checks());
}

bool EvaluationPlan::has(Check check) const {
  return std::ranges::find(checks, check) != checks.end();
}

std::vector<std::string> rivals(const EvaluationPlan& plan) {
  auto names = plan.methods;
  if (plan.baselines == EvaluationPlan::Baselines::kWithout) return names;
  names.emplace_back(kRandom);
  names.emplace_back(kCentrePrior);
  return names;
}

ClipCost cost_of(const EvaluationPlan& plan, const Volume& volume, bool first_clip) {
  const auto methods = std::ssize(plan.methods), orders = 2 * std::ssize(rivals(plan));
  ClipCost cost;
  for (const Flipping& flipping : plan.flippings) {
    const auto points =
        static_cast<int64_t>(flip_counts(region_count(plan, flipping.regions, volume), plan.steps).size());
    cost.forward_passes += 1 + orders * (points - 2);
  }
  int64_t maps = 1;
  if (first_clip) {
    maps += plan.has(Check::kClass) + plan.has(Check::kShift) + plan.has(Check::kOffset) +
            plan.has(Check::kInvariance);
    if (plan.has(Check::kRandomised)) maps += static_cast<int64_t>(plan.randomised.size());
  }
  cost.explanations = maps * methods;
  return cost;
}

}  // namespace relevid::evaluate
