// SPDX-License-Identifier: Apache-2.0
#include "explain/volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"

namespace relevid {
namespace {

/// One axis interpolated, or with kAdjoint summed back.
enum class Direction { kForward, kAdjoint };

Volume along(const Volume& from, size_t axis, int64_t size, const AxisTaps& taps, Direction direction) {
  Extent extent = from.extent;
  extent[axis] = size;
  Volume to(extent);
  const bool forward = direction == Direction::kForward;
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; i < 3; ++i) (i < axis ? outer : inner) *= i == axis ? 1 : extent[i];
  const int64_t fine = forward ? size : from.extent[axis], coarse = forward ? from.extent[axis] : size;
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < fine; ++i) {
      const AxisTaps::Tap& tap = taps.taps[static_cast<size_t>(i)];
      const auto f = static_cast<size_t>((o * fine + i) * inner),
                 low = static_cast<size_t>((o * coarse + tap.low) * inner),
                 high = static_cast<size_t>((o * coarse + tap.high) * inner);
      for (size_t k = 0; k < static_cast<size_t>(inner); ++k) {
        if (forward) {
          to.values[f + k] = (1 - tap.weight) * from.values[low + k] + tap.weight * from.values[high + k];
        } else {
          to.values[low + k] += (1 - tap.weight) * from.values[f + k];
          to.values[high + k] += tap.weight * from.values[f + k];
        }
      }
    }
  }
  return to;
}

/// The coarse element that each fine one is nearest to.
std::vector<int64_t> nearest(int64_t coarse, int64_t fine) {
  std::vector<int64_t> result;
  for (int64_t i = 0; i < fine; ++i) result.push_back((2 * i + 1) * coarse / (2 * fine));
  return result;
}

/// One axis shared out: from fewer to more positions evenly, from more to fewer by adding.
Volume shared_along(const Volume& from, size_t axis, int64_t size) {
  const int64_t before = from.extent[axis];
  if (before == size) return from;
  Extent extent = from.extent;
  extent[axis] = size;
  Volume to(extent);
  const auto map = nearest(std::min(before, size), std::max(before, size));
  std::vector<double> count(static_cast<size_t>(std::min(before, size)), 0.0);
  for (const int64_t coarse : map) ++count[static_cast<size_t>(coarse)];
  int64_t inner = 1, outer = 1;
  for (size_t i = 0; i < 3; ++i) (i < axis ? outer : inner) *= i == axis ? 1 : extent[i];
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < map.size(); ++i) {
      const auto fine = static_cast<int64_t>(i);
      const int64_t source = size > before ? map[i] : fine, target = size > before ? fine : map[i];
      const double scale = size > before ? 1 / count[static_cast<size_t>(map[i])] : 1;
      for (int64_t k = 0; k < inner; ++k) {
        to.values[static_cast<size_t>((o * size + target) * inner + k)] +=
            scale * from.values[static_cast<size_t>((o * before + source) * inner + k)];
      }
    }
  }
  return to;
}

}  // namespace

ClipAxes::ClipAxes(const Shape& shape, int64_t channel_axis, std::string_view asked_by) {
  if (shape.rank() != 5) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("{} needs clips with frames, rows and columns; this model's input is {}",
                            asked_by, shape.to_string()));
  }
  const auto strides = shape.strides();
  const int64_t time_axis = channel_axis == 1 ? 2 : 1, row_axis = channel_axis == 4 ? 2 : 3;
  items = shape[0];
  channels = shape[channel_axis];
  item_elements = shape.elements() / std::max<int64_t>(1, items);
  extent = {shape[time_axis], shape[row_axis], shape[row_axis + 1]};
  frame_stride = strides[static_cast<size_t>(time_axis)];
  row_stride = strides[static_cast<size_t>(row_axis)];
  column_stride = strides[static_cast<size_t>(row_axis + 1)];
  channel_stride = strides[static_cast<size_t>(channel_axis)];
}

AxisTaps::AxisTaps(int64_t from, int64_t to) {
  for (int64_t i = 0; i < to; ++i) {
    const double centre =
        (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const double held = std::clamp(centre, 0.0, static_cast<double>(from - 1));
    const auto low = static_cast<int64_t>(held);
    taps.push_back({low, std::min(low + 1, from - 1), held - static_cast<double>(low)});
  }
}

Volume interpolated(const Volume& coarse, const Extent& extent) {
  Volume result = coarse;
  for (size_t axis = 0; axis < 3; ++axis) {
    const AxisTaps taps(coarse.extent[axis], extent[axis]);
    result = along(result, axis, extent[axis], taps, Direction::kForward);
  }
  return result;
}

Volume interpolated(const Volume& coarse, const std::array<AxisTaps, 3>& taps) {
  Volume result = coarse;
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto size = static_cast<int64_t>(taps[axis].taps.size());
    result = along(result, axis, size, taps[axis], Direction::kForward);
  }
  return result;
}

Volume interpolated_adjoint(const Volume& fine, const Extent& coarse) {
  Volume result = fine;
  for (size_t axis = 3; axis-- > 0;) {
    const AxisTaps taps(coarse[axis], fine.extent[axis]);
    result = along(result, axis, coarse[axis], taps, Direction::kAdjoint);
  }
  return result;
}

Volume shared_out(const Volume& coarse, const Extent& extent) {
  Volume result = coarse;
  for (size_t axis = 0; axis < 3; ++axis) result = shared_along(result, axis, extent[axis]);
  return result;
}

void put_volume(Tensor& clips, const ClipAxes& axes, int64_t item, const Volume& volume) {
  const auto put = [&](auto values) {
    axes.for_each_position([&](int64_t position, int64_t offset) {
      const double value = volume.values[static_cast<size_t>(position)] / static_cast<double>(axes.channels);
      for (int64_t c = 0; c < axes.channels; ++c) {
        auto& target =
            values[static_cast<size_t>(item * axes.item_elements + offset + c * axes.channel_stride)];
        target = static_cast<std::remove_reference_t<decltype(target)>>(value);
      }
    });
  };
  if (clips.dtype() == DType::kF64) return put(clips.values<double>());
  put(clips.values<float>());
}

Tensor item_of(const Tensor& clips, int64_t item) {
  Shape shape = clips.shape();
  const int64_t elements = clips.elements() / shape[0];
  shape[0] = 1;
  Tensor result(std::move(shape), DType::kF32);
  const auto to = result.values<float>();
  const auto begin = static_cast<size_t>(item * elements);
  const auto copy = [&](auto values) {
    for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(values[begin + i]);
  };
  if (clips.dtype() == DType::kF64) {
    copy(clips.values<double>());
  } else {
    copy(clips.values<float>());
  }
  return result;
}

}  // namespace relevid
