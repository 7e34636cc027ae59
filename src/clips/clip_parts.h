// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "relevid/preprocessing.h"

namespace relevid {

// What making one clip from frames and cutting many for training have in common.

/// The shape of a clip in its layout, batch of one, and the distances between its neighbouring values.
struct ClipStrides {
  Shape shape;
  int64_t channel = 0;
  int64_t time = 0;
  int64_t row = 0;
  int64_t column = 0;
};
ClipStrides clip_strides(ClipLayout layout, int64_t clip_len, const Size& size);

/// Subtracts from every pixel and channel of a clip its mean over the frames.
void subtract_clip_mean(const ClipStrides& strides, int64_t clip_len, const Size& size,
                        std::span<float> clip);

/// The mean of every voxel, whether it is given per channel or as a volume. A volume of the resized frame's
/// size is cut at the geometry's crop. Refers to `preprocessing`, which must outlive it. Throws
/// Error(kInvalidArgument) where the volume is missing or of another size.
class Mean {
 public:
  Mean(const Preprocessing& preprocessing, int64_t clip_len, const Geometry& geometry);

  /// The means of one row of one channel. [model width]
  void row(int64_t channel, int64_t t, int64_t y, std::vector<float>& target) const;

 private:
  const Preprocessing& preprocessing_;
  int64_t width_;
  int64_t top_ = 0;
  int64_t left_ = 0;
  std::vector<int64_t> strides_;
  std::span<const float> volume_;
};

}  // namespace relevid
