// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "relevid/tensor.h"

namespace relevid::evaluate {

/// What stands where a region was flipped. All are functions of which voxels are flipped, not of the order.
enum class Fill {
  /// The value at the same place in the last frame before where it is not flipped; the next after where there
  /// is none before; the channel's mean over the clip where it is flipped in all. Takes motion away.
  kPrevious,
  kBlur,   ///< the frame under a Gaussian of σ = min(H, W) / 8, its edges renormalised
  kMean,   ///< each channel's mean over the clip
  kNoise,  ///< normal with each channel's mean and standard deviation over the clip
};

/// A clip with any of its voxels filled. Keeps its own copy of what it needs.
class Filling {
 public:
  /// `clip` [1, C, T, H, W]; `seed` of kNoise.
  Filling(const Tensor& clip, Fill fill, uint64_t seed);
  /// [C, T, H, W] with the voxels of `flipped` [T, H, W] (0 or 1) filled.
  void write(std::span<const char> flipped, std::span<float> values) const;

 private:
  void write_previous(std::span<const char> flipped, std::span<float> values) const;

  Fill fill_;
  int64_t channels_, frames_;
  size_t area_;
  std::vector<float> clip_;
  std::vector<float> filled_;  ///< [C, T, H, W], all of it filled
};

}  // namespace relevid::evaluate
