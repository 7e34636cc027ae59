// SPDX-License-Identifier: Apache-2.0
// Maps over a clip's frames, rows and columns, and how they get to and from clips of any layout.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "relevid/tensor.h"

namespace relevid {

/// Frames, rows, columns.
using Extent = std::array<int64_t, 3>;

inline int64_t positions(const Extent& extent) {
  return extent[0] * extent[1] * extent[2];
}

/// A value for every frame, row and column, row-major.
struct Volume {
  Volume() = default;
  explicit Volume(const Extent& size, double value = 0)
      : extent(size), values(static_cast<size_t>(positions(size)), value) {}
  double& at(int64_t t, int64_t h, int64_t w) { return values[static_cast<size_t>(index(t, h, w))]; }
  double at(int64_t t, int64_t h, int64_t w) const { return values[static_cast<size_t>(index(t, h, w))]; }
  int64_t index(int64_t t, int64_t h, int64_t w) const { return (t * extent[1] + h) * extent[2] + w; }

  Extent extent{0, 0, 0};
  std::vector<double> values;
};

/// Where the axes of a batch of clips are. Offsets are of elements inside one item.
struct ClipAxes {
  /// `channel_axis` is 1 for [N, C, T, H, W], 2 for [N, T, C, H, W], 4 for [N, T, H, W, C].
  /// Error(kUnsupportedModel) for a shape of another rank, naming what asks for one.
  ClipAxes(const Shape& shape, int64_t channel_axis, std::string_view asked_by);

  /// Of channel 0 at a position.
  int64_t offset(int64_t t, int64_t h, int64_t w) const {
    return t * frame_stride + h * row_stride + w * column_stride;
  }
  template <class F>  // F(position, offset of channel 0)
  void for_each_position(F&& f) const {
    int64_t position = 0;
    for (int64_t t = 0; t < extent[0]; ++t) {
      for (int64_t h = 0; h < extent[1]; ++h) {
        for (int64_t w = 0; w < extent[2]; ++w) f(position++, offset(t, h, w));
      }
    }
  }

  int64_t items = 0, channels = 0, item_elements = 0;
  Extent extent{0, 0, 0};
  int64_t frame_stride = 0, row_stride = 0, column_stride = 0, channel_stride = 0;
};

/// How the elements of an axis are interpolated from those of another size: by centres, with the ends held.
struct AxisTaps {
  AxisTaps() = default;
  AxisTaps(int64_t from, int64_t to);
  struct Tap {
    int64_t low = 0, high = 0;
    double weight = 0;  ///< of `high`; `low` has the rest
  };
  std::vector<Tap> taps;
};

/// Trilinear, half-pixel centres: what "linear" means in most frameworks without aligned corners.
Volume interpolated(const Volume& coarse, const Extent& extent);
/// With taps of one's own, by axis.
Volume interpolated(const Volume& coarse, const std::array<AxisTaps, 3>& taps);
/// The adjoint: Σ over the fine volume of the weight that each coarse value has in it.
Volume interpolated_adjoint(const Volume& fine, const Extent& coarse);
/// Every coarse value shared evenly over the positions nearest to it: sums stay what they were. Where the
/// target is smaller than the map, values are added up.
Volume shared_out(const Volume& coarse, const Extent& extent);

/// Each position's value shared evenly over its channels, into one item of a batch of clips.
void put_volume(Tensor& clips, const ClipAxes& axes, int64_t item, const Volume& volume);
/// One item, [1, ...] float32.
Tensor item_of(const Tensor& clips, int64_t item);

}  // namespace relevid
