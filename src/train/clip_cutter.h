// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "relevid/preprocessing.h"
#include "relevid/train.h"
#include "train/cached_video.h"

namespace relevid::train {

/// Cuts clips from cached videos. What make_clip gives for the same frames, bit for bit, where nothing is
/// drawn (a centre crop without flip and jitter; ResizedValues::kFloat: see FrameCache). A mean volume of the
/// resized frame's size is cut at the drawn crop and flipped with it, one of the crop's size is not moved.
/// Never changes, so any number of threads may use it.
class ClipCutter {
 public:
  /// Throws Error(kInvalidArgument) for ranges and values that make no sense.
  ClipCutter(const Preprocessing& preprocessing, const Augmentation& augmentation);

  /// Of one clip in the Preprocessing's layout, batch of one. Throws Error(kInvalidArgument) where the crop
  /// or the mean volume does not fit frames of this size, or clip_len is below 1.
  Shape clip_shape(int64_t clip_len, const Size& resized) const;

  /// Writes the clip of these frames to `target`, clip_shape's values. All that is drawn comes from
  /// `seed`, as numbers in a fixed order: crop down, crop right, flip, contrast, brightness.
  /// Throws Error(kInvalidArgument) for a frame that is not there, and as clip_shape.
  void cut(const CachedVideo& video, std::span<const int64_t> frame_indices, uint64_t seed,
           std::span<float> target) const;

 private:
  /// What the 256 levels become, by channel: red, green, blue.
  using Tables = std::array<std::array<float, 256>, 3>;
  struct Draw {
    Geometry geometry;
    bool flipped = false;
    double contrast_factor = 1;
    double brightness_factor = 1;
  };

  Geometry centre_geometry(const Size& resized) const;
  Draw draw(const Size& resized, uint64_t seed) const;
  Tables jittered(const CachedVideo& video, std::span<const int64_t> frame_indices, const Draw& draw) const;
  void subtract_volume(const Draw& draw, int64_t clip_len, std::span<float> clip) const;

  const Preprocessing preprocessing_;
  const Augmentation augmentation_;
  const Tables tables_;  ///< without jitter; where there is a mean volume, before it
};

}  // namespace relevid::train
