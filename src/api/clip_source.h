// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "relevid/explain.h"

namespace relevid {

/// The clips of an input one after another, and what is known of where they come from.
struct ClipSource {
  std::optional<VideoInfo> video;
  std::optional<Geometry> geometry;
  std::optional<Preprocessing> preprocessing;
  std::vector<ClipPlan> plans;
  /// Calls back with every clip's index and values in the model's layout, in any order; may be called again.
  std::function<void(const std::function<void(int64_t, const Tensor&)>&)> for_each_clip;
};

/// Opens a video, a folder of images, or a file of numbers. Errors as explain_input's.
ClipSource open_clips(const std::filesystem::path& input, const Shape& clip_shape,
                      const InputOptions& options);

}  // namespace relevid
