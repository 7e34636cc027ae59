// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/progress.h"
#include "relevid/tensor.h"
#include "run/clip_feed.h"
#include "statistics/halves.h"

namespace relevid::tune {

/// The one clip that is taken of a video.
struct TuningClip {
  run::VideoRow video;
  Tensor clip;  ///< [1, C, T, H, W]
  statistics::Half half = statistics::Half::kChoice;
};

struct TuningClips {
  std::vector<TuningClip> clips;
  std::vector<run::VideoRow> failures;  ///< videos that were to be taken and could not be
  int64_t copies = 0;                   ///< videos that were left out, as one with the same content is in
};

/// Fewer videos a half give no interval at all.
inline constexpr int64_t kFewestClips = 2;

/// The order in which videos are taken: class by class in turn, in a class as the seed draws them. It depends
/// on names, labels and seed alone.
std::vector<int64_t> order_of_videos(const DataSet& data, uint64_t seed);

/// One clip of each of 2 · `per_half` different videos (by content), or of all where there are fewer, dealt
/// to the halves class by class (statistics/halves.h): no video is in both. `feed` plans one clip a video.
/// Error(kInvalidArgument) for fewer than 2 · kFewestClips; Interrupted.
TuningClips take_clips(const DataSet& data, const run::FeedOptions& feed, int64_t per_half, uint64_t seed,
                       const RunControl& control);

}  // namespace relevid::tune
