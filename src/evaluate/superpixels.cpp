// SPDX-License-Identifier: Apache-2.0
#include "evaluate/superpixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace relevid::evaluate {
namespace {

constexpr int kIterations = 5;
constexpr double kCompactness = 1;  ///< of a spacing against a standard deviation of colour

struct Centre {
  std::array<double, 3> place{};  ///< t, y, x
  std::vector<double> colour;
};

class Slic {
 public:
  Slic(const Tensor& clip, int64_t count)
      : channels_(clip.shape()[1]), size_{clip.shape()[2], clip.shape()[3], clip.shape()[4]} {
    volume_ = static_cast<size_t>(size_[0] * size_[1] * size_[2]);
    values_ = clip.values<float>();
    measure_colours();
    place_seeds(count);
  }

  Regions run() {
    Regions regions;
    for (int i = 0; i < kIterations; ++i) {
      assign();
      move_centres();
    }
    assign();
    regions.of_voxel = labels_;
    renumber(regions);
    return regions;
  }

 private:
  double value(int64_t channel, size_t voxel) const {
    return static_cast<double>(values_[static_cast<size_t>(channel) * volume_ + voxel]);
  }
  size_t voxel(int64_t t, int64_t y, int64_t x) const {
    return static_cast<size_t>((t * size_[1] + y) * size_[2] + x);
  }

  void measure_colours() {
    double variance = 0;
    for (int64_t c = 0; c < channels_; ++c) {
      double sum = 0, squares = 0;
      for (size_t i = 0; i < volume_; ++i) {
        sum += value(c, i);
        squares += value(c, i) * value(c, i);
      }
      const double mean = sum / static_cast<double>(volume_);
      variance += std::max(0.0, squares / static_cast<double>(volume_) - mean * mean);
    }
    colour_factor_ = variance > 0 ? 1 / variance : 0;
  }

  /// Spacings are as equal as the axes' whole numbers of seeds allow.
  void place_seeds(int64_t count) {
    const double spacing =
        std::cbrt(static_cast<double>(volume_) / static_cast<double>(std::max<int64_t>(1, count)));
    std::array<int64_t, 3> seeds{};
    for (size_t axis = 0; axis < 3; ++axis) {
      const auto fits = std::lround(static_cast<double>(size_[axis]) / spacing);
      seeds[axis] = std::clamp<int64_t>(fits, 1, size_[axis]);
      spacing_[axis] = static_cast<double>(size_[axis]) / static_cast<double>(seeds[axis]);
    }
    for (int64_t t = 0; t < seeds[0]; ++t) {
      for (int64_t y = 0; y < seeds[1]; ++y) {
        for (int64_t x = 0; x < seeds[2]; ++x) add_seed({t, y, x});
      }
    }
  }

  void add_seed(const std::array<int64_t, 3>& at) {
    Centre centre;
    std::array<int64_t, 3> voxel_at{};
    for (size_t axis = 0; axis < 3; ++axis) {
      centre.place[axis] = (static_cast<double>(at[axis]) + 0.5) * spacing_[axis] - 0.5;
      voxel_at[axis] = std::lround(centre.place[axis]);
      voxel_at[axis] = std::clamp<int64_t>(voxel_at[axis], 0, size_[axis] - 1);
    }
    const size_t i = voxel(voxel_at[0], voxel_at[1], voxel_at[2]);
    for (int64_t c = 0; c < channels_; ++c) centre.colour.push_back(value(c, i));
    centres_.push_back(std::move(centre));
  }

  double distance(const Centre& centre, const std::array<int64_t, 3>& at, size_t i) const {
    double place = 0, colour = 0;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double d = (static_cast<double>(at[axis]) - centre.place[axis]) / spacing_[axis];
      place += d * d;
    }
    for (int64_t c = 0; c < channels_; ++c) {
      const double d = value(c, i) - centre.colour[static_cast<size_t>(c)];
      colour += d * d;
    }
    return kCompactness * place + colour_factor_ * colour;
  }

  /// Each centre's window: half-open along an axis.
  std::pair<int64_t, int64_t> window(const Centre& centre, size_t axis) const {
    const double reach = 2 * spacing_[axis];
    const auto begin = static_cast<int64_t>(std::ceil(centre.place[axis] - reach));
    const auto end = static_cast<int64_t>(std::floor(centre.place[axis] + reach)) + 1;
    return {std::max<int64_t>(0, begin), std::min(size_[axis], end)};
  }

  void assign() {
    if (labels_.empty()) labels_.assign(volume_, 0);
    std::vector<double> best(volume_, std::numeric_limits<double>::infinity());
    for (size_t k = 0; k < centres_.size(); ++k) {
      const auto [t0, t1] = window(centres_[k], 0);
      const auto [y0, y1] = window(centres_[k], 1);
      const auto [x0, x1] = window(centres_[k], 2);
      for (int64_t t = t0; t < t1; ++t) {
        for (int64_t y = y0; y < y1; ++y) {
          for (int64_t x = x0; x < x1; ++x) {
            const size_t i = voxel(t, y, x);
            const double d = distance(centres_[k], {t, y, x}, i);
            if (d >= best[i]) continue;
            best[i] = d;
            labels_[i] = static_cast<int32_t>(k);
          }
        }
      }
    }
  }

  void move_centres() {
    std::vector<Centre> sums(centres_.size(), {{}, std::vector<double>(static_cast<size_t>(channels_))});
    std::vector<double> sizes(centres_.size());
    for (int64_t t = 0; t < size_[0]; ++t) {
      for (int64_t y = 0; y < size_[1]; ++y) {
        for (int64_t x = 0; x < size_[2]; ++x) {
          const size_t i = voxel(t, y, x);
          const auto k = static_cast<size_t>(labels_[i]);
          sizes[k] += 1;
          const std::array<int64_t, 3> at = {t, y, x};
          for (size_t axis = 0; axis < 3; ++axis) sums[k].place[axis] += static_cast<double>(at[axis]);
          for (int64_t c = 0; c < channels_; ++c) sums[k].colour[static_cast<size_t>(c)] += value(c, i);
        }
      }
    }
    for (size_t k = 0; k < centres_.size(); ++k) {
      if (sizes[k] == 0) continue;
      for (double& place : sums[k].place) place /= sizes[k];
      for (double& colour : sums[k].colour) colour /= sizes[k];
      centres_[k] = std::move(sums[k]);
    }
  }

  /// So that no region is empty.
  void renumber(Regions& regions) const {
    std::vector<int32_t> number(centres_.size(), -1);
    for (int32_t& label : regions.of_voxel) {
      int32_t& to = number[static_cast<size_t>(label)];
      if (to < 0) to = static_cast<int32_t>(regions.count++);
      label = to;
    }
  }

  int64_t channels_;
  std::array<int64_t, 3> size_;
  size_t volume_ = 0;
  std::span<const float> values_;
  double colour_factor_ = 0;
  std::array<double, 3> spacing_{};
  std::vector<Centre> centres_;
  std::vector<int32_t> labels_;
};

}  // namespace

Regions superpixel_regions(const Tensor& clip, int64_t count) {
  return Slic(clip, count).run();
}

}  // namespace relevid::evaluate
