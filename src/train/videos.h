// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "relevid/train.h"
#include "train/clip_loader.h"
#include "train/frame_cache.h"

namespace relevid::train {

/// Decodes what is not in the cache yet. Rows that cannot be used (missing, unreadable, without a label) are
/// told to the observer and left out; where they are more than `max_bad_share` of all: Error(kCorruptInput)
/// naming the first. Throws Interrupted.
std::vector<TrainingVideo> open_videos(FrameCache& cache, const DataSet& data, double max_bad_share,
                                       const std::string& what, const RunControl& control,
                                       const TrainObserver& observer,
                                       std::vector<UnreadableVideo>& unreadable);

/// Throws Error(kInvalidArgument) naming the classes that no video is left of.
void require_every_class(const std::vector<TrainingVideo>& videos,
                         const std::vector<std::string>& class_names);

}  // namespace relevid::train
