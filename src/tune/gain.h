// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "statistics/estimate.h"
#include "tune/tuner.h"

namespace relevid::tune {

/// What can be said of the gain on the clips that had no part in the search. All but kGain: the preset is
/// better kept.
enum class Verdict {
  kGain,          ///< the interval of the difference lies above 0
  kNoGain,        ///< it holds 0
  kLoss,          ///< it lies below
  kTooFewVideos,  ///< fewer than statistics::kFewVideos, of which no claim is made
  kUnchanged,     ///< the search kept the preset's own
};
/// "gain", "no_gain", "loss", "too_few_videos", "unchanged".
std::string_view name(Verdict verdict);

struct Gain {
  Verdict verdict = Verdict::kUnchanged;
  statistics::Estimate own, tuned, random;  ///< ABPC on the clips held out, means over videos
  statistics::Estimate difference;          ///< tuned less own, paired by video
  std::string sentence;                     ///< the verdict with its numbers, and what to do
  std::vector<std::string> warnings;        ///< where the curves say little
};

/// `method`: the preset's name, for sentences. `changed`: whether the tuned setting is another than its own.
Gain gain_of(std::span<const HeldOutClip> clips, const std::string& method, bool changed);

}  // namespace relevid::tune
