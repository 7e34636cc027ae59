// SPDX-License-Identifier: Apache-2.0
#include "evaluate/regions.h"

#include <algorithm>
#include <numeric>

#include "base/random.h"

namespace relevid::evaluate {
namespace {

/// For each of `size` places the part it lies in, of `parts` as even as can be.
std::vector<int64_t> parts_of(int64_t size, int64_t parts) {
  std::vector<int64_t> part(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) part[static_cast<size_t>(i)] = i * parts / size;
  return part;
}

}  // namespace

Regions frame_regions(const Volume& volume) {
  return cell_regions(volume, {volume.frames, 1, 1});
}

Regions cell_regions(const Volume& volume, const CellGrid& grid) {
  const int64_t rows = std::min(grid.height, volume.height), columns = std::min(grid.width, volume.width);
  const int64_t slices = std::min(grid.frames, volume.frames);
  const auto t_part = parts_of(volume.frames, slices), y_part = parts_of(volume.height, rows),
             x_part = parts_of(volume.width, columns);
  Regions regions;
  regions.count = slices * rows * columns;
  regions.of_voxel.reserve(volume.voxels());
  for (const int64_t t : t_part) {
    for (const int64_t y : y_part) {
      for (const int64_t x : x_part)
        regions.of_voxel.push_back(static_cast<int32_t>((t * rows + y) * columns + x));
    }
  }
  return regions;
}

std::vector<double> region_means(std::span<const float> map, const Regions& regions) {
  std::vector<double> sums(static_cast<size_t>(regions.count)), sizes(sums.size());
  for (size_t i = 0; i < map.size(); ++i) {
    const auto region = static_cast<size_t>(regions.of_voxel[i]);
    sums[region] += static_cast<double>(map[i]);
    sizes[region] += 1;
  }
  for (size_t r = 0; r < sums.size(); ++r) sums[r] /= sizes[r];
  return sums;
}

std::vector<int32_t> most_first(std::span<const double> scores, uint64_t seed) {
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto drawn = [seed](int32_t region) { return mix(seed, static_cast<uint64_t>(region)); };
  std::ranges::sort(order, [&](int32_t a, int32_t b) {
    const double x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
    if (x != y) return x > y;
    return drawn(a) != drawn(b) ? drawn(a) < drawn(b) : a < b;
  });
  return order;
}

}  // namespace relevid::evaluate
