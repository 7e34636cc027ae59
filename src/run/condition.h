// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace relevid::run {

/// What a clip is, and who looks at it. kInterval: frames at a step, as the network was meant to see them.
/// The others are controls at the base step. kNullProfile: the network's flat rule, of no clip in particular;
/// kRandomWeights: the same clip, a network with random weights; kSecondMethod: the same clip and network,
/// explained by another method; kFrozen: the middle frame alone;
/// kShuffled, kReversed: the frames in another order; kShifted: the clip a few frames later.
enum class ConditionKind {
  kInterval,
  kNullProfile,
  kRandomWeights,
  kFrozen,
  kShuffled,
  kReversed,
  kShifted,
  kSecondMethod
};

/// "interval", "null_profile", "random_weights", "frozen", "shuffled", "reversed", "shifted",
/// "second_method".
std::string_view name(ConditionKind kind);
/// Throws Error(kInvalidArgument) with the nearest name.
ConditionKind condition_kind(std::string_view name);

struct Condition {
  ConditionKind kind = ConditionKind::kInterval;
  int64_t frame_interval = 1;
  int64_t shift_frames = 0;  ///< kShifted: how many frames later the clip starts
  bool operator==(const Condition&) const = default;
};

}  // namespace relevid::run
