// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace relevid::evaluate {

/// The size of a clip without its channels; its voxels count [T, H, W], row-major.
struct Volume {
  int64_t frames = 0, height = 0, width = 0;
  size_t voxels() const { return static_cast<size_t>(frames * height * width); }
  bool operator==(const Volume&) const = default;
};

/// A partition of a volume into what is flipped at once.
struct Regions {
  int64_t count = 0;
  std::vector<int32_t> of_voxel;  ///< [T, H, W], each in [0, count); every region has a voxel
};

/// How many cells there are along each axis.
struct CellGrid {
  int64_t frames = 4, height = 8, width = 8;
  bool operator==(const CellGrid&) const = default;
};

Regions frame_regions(const Volume& volume);
/// Boxes in space and time, as even as whole voxels allow; along an axis no more of them than voxels.
Regions cell_regions(const Volume& volume, const CellGrid& grid);

/// The mean of a map [T, H, W] over each region. Regions of one size are ordered by it as by the sum, which
/// Samek et al. 2017 have; where sizes differ (superpixels) the sum would put large ones first.
std::vector<double> region_means(std::span<const float> map, const Regions& regions);

/// Regions by falling score. Equal ones, which are common (zeros), come in an order drawn from the seed:
/// that of their numbers would put early frames first.
std::vector<int32_t> most_first(std::span<const double> scores, uint64_t seed);

}  // namespace relevid::evaluate
