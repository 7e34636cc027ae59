// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "relevid/video.h"

namespace relevid {

/// Decodes a video once and calls `take` with the frames of every group (of indices in any order, repeats
/// allowed; not empty) as soon as its last one is there; a frame is dropped when no later group needs it.
/// Groups come in the order in which they are complete, those complete at once in their own order.
void stream_groups(VideoReader& reader, std::span<const std::vector<int64_t>> groups,
                   const std::function<void(int64_t group, std::span<const Frame> frames)>& take);

}  // namespace relevid
