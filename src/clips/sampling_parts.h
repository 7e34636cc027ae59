// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "relevid/sampling.h"

namespace relevid {

/// How the frames of one clip lie, the same wherever it starts.
struct ClipExtent {
  enum class Spacing {
    kInterval,   ///< o + j * interval
    kLinspace,   ///< linspace(o, o + size - 1, clip_len), truncated
    kSubsample,  ///< the t whole frames in [o, o + size), then linspace(0, t - 1, clip_len), truncated
    kSpread,     ///< o + j * size // clip_len
  };
  Spacing spacing = Spacing::kInterval;
  int64_t clip_len = 0;
  int64_t interval = 1;
  double size = 0;  ///< frames from the first to the last, both included
};

/// Checks `options` against the video. Errors as plan_clips.
ClipExtent clip_extent(const SamplingOptions& options, int64_t frame_count, double fps);

/// The clip that starts at `offset`, with frames past the end replaced by the policy.
ClipPlan place_clip(const ClipExtent& extent, PastEnd past_end, int64_t frame_count, double offset);

/// Throws Error(kResourceLimit) where so many clips could not be listed.
void check_clip_count(const ClipExtent& extent, int64_t clip_count);

}  // namespace relevid
