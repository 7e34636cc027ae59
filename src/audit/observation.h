// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "run/condition.h"

namespace relevid::audit {

/// What an audit knows of one video under one condition (a frame interval of the real clips, or a control),
/// reduced over its clips.
struct Observation {
  std::string video_key;                       ///< identity of the video: hash of its file
  int64_t label = -1;                          ///< class index, -1: unlabelled
  int64_t predicted = -1;                      ///< by the mean of the clips' probabilities
  int64_t clips = 0;                           ///< how many were explained
  int64_t clips_right1 = 0, clips_right5 = 0;  ///< clips whose top 1 / top 5 hold the label
  bool right1 = false, right5 = false;         ///< the video's, by mean probability
  /// [T] mean over clips of the clip's frame shares; a clip's sum to 1, or are all 0 where it has no
  /// relevance.
  std::vector<double> shares;
  /// Of a control that was made from some of the real clips: [T] mean over just those clips, as they were.
  /// Empty: the control was made from all real clips of its interval.
  std::vector<double> real_shares;
  double negative_share = 0;  ///< mean over clips, signed methods; 0 otherwise
  double fps =
      0;  ///< of the frames that intervals count: the video's, or what it was resampled to; 0: unknown
};

struct VideoObservations {
  std::string video_key;  ///< halves and bootstrap weights come from it
  int64_t label = -1;
  std::vector<std::optional<Observation>> by_condition;  ///< nullopt: the video does not fit, or failed
};

/// Hands every video to the function it is given, one at a time. Can be run again, and gives the same videos.
using ObservationSource = std::function<void(const std::function<void(const VideoObservations&)>&)>;

}  // namespace relevid::audit
