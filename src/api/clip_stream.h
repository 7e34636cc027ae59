// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "relevid/sampling.h"
#include "relevid/video.h"

namespace relevid {

/// Decodes a video once and calls `take` with the frames of every clip as soon as its last one is there; a
/// frame is dropped when no later clip needs it. Clips come in the order in which they are complete.
void stream_clips(VideoReader& reader, std::span<const ClipPlan> plans,
                  const std::function<void(int64_t clip, std::span<const Frame> frames)>& take);

}  // namespace relevid
