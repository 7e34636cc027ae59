// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "relevid/sampling.h"
#include "relevid/video.h"
#include "run/condition.h"
#include "run/rows.h"

namespace relevid::run {

/// Which clips of every video are looked at.
struct PlanOptions {
  SamplingOptions sampling;  ///< the model's; frame_interval and target_fps are not used
  std::vector<int64_t> intervals = {1, 2, 3, 4, 6, 8};  ///< ascending; frames of the resampled video
  int64_t base_interval = 1;                            ///< one of them: the controls'
  std::optional<double> fps;                            ///< resample to this rate first
  std::vector<AuditControl> controls;                   ///< ascending
  int64_t control_clips = 1;                            ///< of a video, under each control
  int64_t shift_frames = 4;                             ///< of kShifted, frames of the resampled video
  uint64_t seed = 1;                                    ///< of kShuffled
};

/// Throws Error(kInvalidArgument).
void require_valid(const PlanOptions& options);

/// All that a run has: the intervals, then the controls at the base interval.
std::vector<Condition> conditions_of(const PlanOptions& options);

/// The clips of a video, by condition. An interval s at which a clip does not fit, (T - 1) s + 1 frames, has
/// none; nor have the controls where that is the base interval, nor kShifted where it would pass the end.
/// Empty: the video is too short for all. `name` seeds the shuffling. Errors as plan_clips'.
std::vector<PlannedClip> plan_video(const PlanOptions& options, const VideoInfo& video,
                                    std::string_view name);

/// The frame of a video nearest in time to each of t0, t0 + 1/fps, ... up to its last (of two as near, the
/// earlier). Frames repeat where the rate is above the video's. Error(kResourceLimit) for absurdly many.
std::vector<int64_t> frames_at_rate(std::span<const double> pts_seconds, double fps);

}  // namespace relevid::run
