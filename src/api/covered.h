// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "relevid/explanation_files.h"

namespace relevid {

/// What is known of a frame of the video, by Note [Copies] in relevid/sampling.h.
struct FrameShares {
  int64_t index = 0;          ///< of the video
  double share = 0;           ///< of a clip's relevance
  double negative_share = 0;  ///< the part of it that negative relevance makes up, 0 or more
  double null_share = 0;      ///< of the architecture alone; NaN where it is not known or says nothing here
  bool at_border = false;     ///< in the border of some clip that takes it
};

/// Relevance per source frame that at least one clip takes, in their order.
struct CoveredRelevance {
  FrameValues maps;  ///< [F, H, W] at the model's size, summed over channels
  std::vector<FrameShares> frames;
};

CoveredRelevance cover(const Explanation& explanation, const OutputOptions& options);
/// One frame of the maps.
Tensor map_at(const FrameValues& maps, size_t index);

}  // namespace relevid
