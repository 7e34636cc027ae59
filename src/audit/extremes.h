// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "run/run_reader.h"

namespace relevid::audit {

/// A video near an end of the order by border ratio at the base interval.
struct Extreme {
  run::VideoRow video;
  int64_t predicted = 0;
  std::optional<bool> right;  ///< nullopt where the video has no label
  double border_ratio = 0;    ///< B_k / (2k / T) of the mean over clips, k as the verdict's
  /// The clip that shows it best: with the largest ratio of the strongest, the smallest of the weakest; the
  /// first of equals.
  run::ClipRow clip;
};

/// Strongest first and weakest first. No video is in both.
struct Extremes {
  std::vector<Extreme> strongest, weakest;
};

/// Up to `most` of either kind, among the videos that have relevance at the base interval; with fewer than
/// 2 `most` of those, the strongest get the odd one. Equal ratios go by the row of the data set, so that the
/// answer does not depend on how the run was sharded. Holds 3 `most` videos at a time.
Extremes find_extremes(run::RunReader& reader, int64_t most);

}  // namespace relevid::audit
