// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "audit/observation.h"
#include "statistics/estimate.h"
#include "statistics/halves.h"

namespace relevid::audit {

/// How many steps in time and places PositionFindings have, and their largest number by magnitude.
struct PositionExtent {
  int64_t steps = 0, places = 0, columns = 0;
  double largest = 0;
};

/// What a first pass over the videos finds out.
struct Survey {
  int64_t frames = 0;  ///< T of the clips; 0 without an observation
  int64_t videos = 0;
  int64_t labelled = 0;
  std::vector<int64_t> observed;                         ///< [condition] videos
  std::vector<int64_t> labelled_observed;                ///< [condition] labelled ones
  std::vector<int64_t> without_relevance;                ///< [condition] videos whose shares are all 0
  std::vector<std::optional<statistics::Range>> fps;     ///< [condition] of the videos whose rate is known
  std::vector<std::optional<PositionExtent>> positions;  ///< [condition]; nothing where no video has them
  statistics::Halves halves;                             ///< of the labelled ones
};

/// Counts, and refuses with Error(kInvalidArgument) what no statistic can be made of: shares that are not
/// finite, sum to less than 0 or more than 1 or differ in number, clips of one frame, counts and rates that
/// make no sense, a video without a hash or with another number of conditions, positions that are not finite
/// or differ in number.
Survey survey(const VideoSource& source, const std::vector<run::Condition>& conditions);

/// Frames a second that the network sees at an interval.
std::optional<statistics::Range> rate_of(const std::optional<statistics::Range>& fps, int64_t interval);

/// "interval 2", "frozen frames at interval 1", "shifted by 4 frames at interval 1"
std::string words_for(const run::Condition& condition);

}  // namespace relevid::audit
