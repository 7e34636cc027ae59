// SPDX-License-Identifier: Apache-2.0
#include "audit/verdict.h"

#include <algorithm>
#include <cmath>

#include "audit/profile.h"
#include "audit/wording.h"
#include "statistics/distributions.h"

namespace relevid::audit {

using statistics::Estimate;
using statistics::kFewVideos;
using statistics::kUpperLevel;
using statistics::normal_quantile;

namespace {

constexpr double kPower = 0.8;
constexpr int64_t kFewestFrames = 3;

std::optional<int64_t> videos_to_decide(const Estimate& excess, double smallest_excess) {
  if (!excess.has_interval()) return std::nullopt;
  const double distance = std::max(std::fabs(excess.value - (1 + smallest_excess)), smallest_excess);
  const double errors = normal_quantile(kUpperLevel) + normal_quantile(kPower);
  const double ratio = errors * excess.standard_error / distance;
  const double needed = std::ceil(static_cast<double>(excess.videos) * ratio * ratio);
  return std::max(kFewVideos, static_cast<int64_t>(needed));
}

BorderEffect effect_of(const Estimate& excess, double limit) {
  if (!excess.reliable()) return BorderEffect::kCantTell;
  if (excess.low > limit) return BorderEffect::kPresent;
  return excess.high < limit ? BorderEffect::kAbsent : BorderEffect::kCantTell;
}

}  // namespace

Verdict verdict_on(const Estimate& ratio, const std::optional<Estimate>& excess, int64_t interval,
                   int64_t frames, double smallest_excess) {
  Verdict verdict;
  verdict.interval = interval;
  verdict.frames = frames;
  verdict.k = main_border_width(frames);
  verdict.smallest_excess = smallest_excess;
  verdict.ratio = ratio;
  verdict.excess = excess;
  if (excess && frames >= kFewestFrames) {
    verdict.effect = effect_of(*excess, 1 + smallest_excess);
    if (verdict.effect == BorderEffect::kCantTell) {
      verdict.videos_needed = videos_to_decide(*excess, smallest_excess);
    }
  }
  verdict.sentence = sentence_of(verdict);
  return verdict;
}

void count_in(Verdict& verdict, int64_t observed, int64_t without_relevance) {
  verdict.observed = observed;
  verdict.without_relevance = without_relevance;
  verdict.sentence = sentence_of(verdict);
}

void withhold(Verdict& verdict, const Withheld& withheld) {
  verdict.effect = BorderEffect::kNoVerdict;
  verdict.videos_needed.reset();
  verdict.withheld = withheld;
  verdict.sentence = sentence_of(verdict);
}

}  // namespace relevid::audit
