// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "relevid/sampling.h"
#include "train/clip_loader.h"

namespace relevid::train {

/// The clips of one epoch, shuffled: `clips_per_video` of every video, each at an offset drawn uniformly from
/// all at which it fits, as the paper trains. A video shorter than a clip starts at 0 and goes on as
/// sampling.past_end says. Of `sampling`, the clip's length, interval and target rate count; its sampler
/// counts only where that decides how the frames of a clip lie (SlowFast, PyTorchVideo: offsets are real
/// numbers; transformers: every clip is the whole video), its num_clips, stride and starts never do. Depends
/// on the videos, (seed, epoch) and nothing else. Throws Error(kInvalidArgument) as plan_random_clips, naming
/// the video, and for clips_per_video below 1 or an epoch below 0.
std::vector<ClipRequest> plan_epoch(std::span<const TrainingVideo> videos, const SamplingOptions& sampling,
                                    int64_t clips_per_video, int64_t epoch, uint64_t seed);

}  // namespace relevid::train
