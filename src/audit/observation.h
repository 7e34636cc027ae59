// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace relevid::audit {

/// What was shown to the network, or which network it was.
enum class ConditionKind {
  kInterval,       ///< the real clips at a frame interval
  kNullProfile,    ///< the flat rule everywhere: what the architecture alone does
  kRandomWeights,  ///< the same network, its weights drawn anew
  kFrozen,         ///< one frame of the clip repeated
  kShuffled,       ///< the clip's frames in random order
  kReversed,       ///< the clip's frames in reverse order
  kShifted,        ///< the clip begins some frames of the video later
};

struct Condition {
  ConditionKind kind = ConditionKind::kInterval;
  int64_t interval = 1;      ///< frame interval of the clips, ≥ 1
  int64_t shift_frames = 0;  ///< kShifted: by how many frames of the video, later is positive
  bool operator==(const Condition&) const = default;
};

/// What an audit knows of one video under one condition (a frame interval of the real clips, or a control),
/// reduced over its clips.
struct Observation {
  std::string video_key;                       ///< identity of the video: hash of its file
  int64_t label = -1;                          ///< class index, -1: unlabelled
  int64_t predicted = -1;                      ///< by the mean of the clips' probabilities
  int64_t clips = 0;                           ///< how many were explained
  int64_t clips_right1 = 0, clips_right5 = 0;  ///< clips whose top 1 / top 5 hold the label
  bool right1 = false, right5 = false;         ///< the video's, by mean probability
  std::vector<double> shares;  ///< [T] mean over clips of the clip's frame shares; each sums to 1
  double negative_share = 0;   ///< mean over clips, signed methods; 0 otherwise
  double fps = 0;              ///< of the video; 0: unknown
};

struct VideoObservations {
  std::string video_key;  ///< halves and bootstrap weights come from it
  int64_t label = -1;
  std::vector<std::optional<Observation>> by_condition;  ///< nullopt: the video does not fit, or failed
};

/// Hands every video to the function it is given, one at a time. Can be run again, and gives the same videos.
using ObservationSource = std::function<void(const std::function<void(const VideoObservations&)>&)>;

}  // namespace relevid::audit
