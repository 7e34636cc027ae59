// SPDX-License-Identifier: Apache-2.0
#include "tune/gain.h"

#include <fmt/format.h>

#include <array>

#include "evaluate/plan.h"
#include "evaluate/warnings.h"
#include "statistics/bootstrap.h"

namespace relevid::tune {
namespace {

using statistics::Combination;
using statistics::Estimate;

constexpr int64_t kReplicates = 2000;
constexpr uint64_t kBootstrapSeed = 0;
/// The columns of a video in the bootstrap's panel.
enum Column : size_t { kOwn, kTuned, kRandomOrder, kColumns };

Verdict verdict_of(const Estimate& difference, bool changed) {
  if (!changed) return Verdict::kUnchanged;
  if (!difference.reliable()) return Verdict::kTooFewVideos;
  if (difference.low > 0) return Verdict::kGain;
  return difference.high < 0 ? Verdict::kLoss : Verdict::kNoGain;
}

std::string sentence_of(const Gain& gain, const std::string& method) {
  const std::string change = fmt::format("from {:.3f} to {:.3f}, by {}", gain.own.value, gain.tuned.value,
                                         evaluate::in_words(gain.difference));
  const int64_t videos = gain.difference.videos;
  switch (gain.verdict) {
    case Verdict::kGain:
      return fmt::format(
          "A gain: on {} videos that had no part in the search the tuned gammas change ABPC {}.", videos,
          change);
    case Verdict::kNoGain:
      return fmt::format(
          "No significant gain: on {} videos that had no part in the search "
          "the tuned gammas change ABPC {}. Keep {} as it is.",
          videos, change, method);
    case Verdict::kLoss:
      return fmt::format(
          "A loss: on {} videos that had no part in the search the tuned gammas change ABPC {}. "
          "Keep {} as it is.",
          videos, change, method);
    case Verdict::kTooFewVideos:
      return fmt::format(
          "Too few videos to tell a gain: on {} that had no part in the search the tuned gammas "
          "change ABPC {}, and a claim takes {}. Keep {} as it is, or give more videos "
          "(--clips).",
          videos, change, statistics::kFewVideos, method);
    case Verdict::kUnchanged:
      return fmt::format(
          "Nothing to tune: on the videos of the search no gamma does better than {}'s own. Keep "
          "it as it is.",
          method);
  }
  return "";
}

/// What an evaluation would warn of, had it these rivals.
std::vector<std::string> warnings_of(const Gain& gain, std::span<const HeldOutClip> clips,
                                     const std::string& method, const Estimate& above_random) {
  evaluate::FlippingResult result;
  result.videos = std::ssize(clips);
  for (const HeldOutClip& clip : clips) {
    result.whole += clip.whole / static_cast<double>(clips.size());
    result.flipped += clip.flipped / static_cast<double>(clips.size());
  }
  evaluate::Ranked preset;
  preset.method = method;
  preset.abpc = gain.own;
  preset.above_random = above_random;
  result.ranking = {preset};
  return evaluate::warnings_of(result);
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kGain:
      return "gain";
    case Verdict::kNoGain:
      return "no_gain";
    case Verdict::kLoss:
      return "loss";
    case Verdict::kTooFewVideos:
      return "too_few_videos";
    case Verdict::kUnchanged:
      return "unchanged";
  }
  return "";
}

Gain gain_of(std::span<const HeldOutClip> clips, const std::string& method, bool changed) {
  statistics::Bootstrap bootstrap(kBootstrapSeed, kReplicates);
  const auto panel = bootstrap.add_panel(kColumns);
  for (const HeldOutClip& clip : clips) {
    bootstrap.next_video(clip.key);
    bootstrap.add(panel, std::array{clip.own, clip.tuned, clip.random});
  }
  const auto mean = [&](const Combination& combination) { return bootstrap.mean(panel, combination); };
  Gain gain;
  gain.own = mean({{kOwn, 1}});
  gain.tuned = mean({{kTuned, 1}});
  gain.random = mean({{kRandomOrder, 1}});
  gain.difference = mean({{kTuned, 1}, {kOwn, -1}});
  gain.verdict = verdict_of(gain.difference, changed);
  gain.sentence = sentence_of(gain, method);
  gain.warnings = warnings_of(gain, clips, method, mean({{kOwn, 1}, {kRandomOrder, -1}}));
  return gain;
}

}  // namespace relevid::tune
