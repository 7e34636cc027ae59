// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/movement.h"

#include <algorithm>
#include <cstring>

#include "kernels/indexing.h"
#include "kernels/onednn/strided_copy.h"

namespace relevid::kernels::onednn {
namespace {

/// begin and step along [N, C, T, H, W].
struct VolumeRange {
  std::array<int64_t, 5> begin{}, step{1, 1, 1, 1, 1};
};

VolumeRange volume_range(int64_t rank, std::span<const int64_t> begin, std::span<const int64_t> step) {
  VolumeRange range;
  for (size_t axis = 0; axis < begin.size(); ++axis) {
    const size_t to = rank == 4 && axis >= 2 ? axis + 1 : axis;
    range.begin[to] = begin[axis];
    range.step[to] = step[axis];
  }
  return range;
}

/// Whether whole channel blocks move, so that blocked volumes need no unpacking: the part starts at a block's
/// first channel, and ends at one's last or fills the whole's last one.
bool moves_blocks(Device& device, const Shape& whole, const Shape& part, const VolumeRange& range) {
  if (!device.is_blocked(whole) || !device.is_blocked(part)) return false;
  const int64_t block = device.block(), end = range.begin[1] + part[1];
  return range.step[1] == 1 && range.begin[1] % block == 0 && (part[1] % block == 0 || end == whole[1]);
}

/// Calls f(index in part, index in whole) for every row start of `part`'s blocks; rows along the width.
template <class F>
void for_each_row(const Layout& part, const Layout& whole, const VolumeRange& range, F&& f) {
  const int64_t B = part.block;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < part.batch; ++n) {
    for (int64_t c = 0; c < part.blocks; ++c) {
      for (int64_t t = 0; t < part.time; ++t)
        for (int64_t h = 0; h < part.height; ++h) {
          const int64_t i = (((n * part.blocks + c) * part.time + t) * part.height + h) * part.width * B;
          const int64_t wn = range.begin[0] + n * range.step[0], wc = range.begin[1] / B + c;
          const int64_t wt = range.begin[2] + t * range.step[2], wh = range.begin[3] + h * range.step[3];
          const int64_t j =
              ((((wn * whole.blocks + wc) * whole.time + wt) * whole.height + wh) * whole.width +
               range.begin[4]) *
              B;
          f(i, j);
        }
    }
  }
}

/// A row of `part`'s, of positions that lie so many apart on each side.
void copy_row(const Layout& part, const float* from, int64_t from_step, float* to, int64_t to_step) {
  const int64_t B = part.block;
  if (from_step == 1 && to_step == 1) {
    std::copy_n(from, part.width * B, to);
    return;
  }
  for (int64_t w = 0; w < part.width; ++w) std::copy_n(from + w * from_step * B, B, to + w * to_step * B);
}

}  // namespace

Buffer transpose_plain(Device& device, const Buffer& x, std::span<const int64_t> permutation) {
  const auto strides = x.shape().strides();
  std::vector<int64_t> dims, moved;
  for (const int64_t axis : permutation) {
    dims.push_back(x.shape()[axis]);
    moved.push_back(strides[static_cast<size_t>(axis)]);
  }
  const Shape shape(std::move(dims));
  if (!device.is_blocked(x.shape()) && !device.is_blocked(shape)) {
    Buffer y = device.allocate(shape);
    copy_strided(x.data<float>(), moved, y.data<float>(), shape.strides(), shape);
    return y;
  }
  const auto from = device.to_plain(x);
  std::vector<float> to(from.size());
  for_each_offset(shape, moved,
                  [&](int64_t i, int64_t j) { to[static_cast<size_t>(i)] = from[static_cast<size_t>(j)]; });
  return device.from_plain(shape, to.data());
}

Buffer take_slice(Device& device, const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
                  std::span<const int64_t> step) {
  const VolumeRange range = shape.rank() <= 5 ? volume_range(shape.rank(), begin, step) : VolumeRange{};
  if (moves_blocks(device, x.shape(), shape, range)) {
    Buffer y = device.allocate(shape);
    const Layout part = device.layout(shape);
    const float* from = x.data<float>();
    float* to = y.data<float>();
    for_each_row(part, device.layout(x.shape()), range,
                 [&](int64_t i, int64_t j) { copy_row(part, from + j, range.step[4], to + i, 1); });
    return y;
  }
  const Placement at = place_in(x.shape(), begin, step);
  if (!device.is_blocked(x.shape()) && !device.is_blocked(shape)) {
    Buffer y = device.allocate(shape);
    copy_strided(x.data<float>() + at.offset, at.strides, y.data<float>(), shape.strides(), shape);
    return y;
  }
  const auto from = device.to_plain(x);
  std::vector<float> to(static_cast<size_t>(shape.elements()));
  for_each_offset(shape, at.strides, [&](int64_t i, int64_t j) {
    to[static_cast<size_t>(i)] = from[static_cast<size_t>(at.offset + j)];
  });
  return device.from_plain(shape, to.data());
}

void place_slice(Device& device, const Buffer& x, Buffer& into, std::span<const int64_t> begin,
                 std::span<const int64_t> step) {
  const VolumeRange range =
      x.shape().rank() <= 5 ? volume_range(x.shape().rank(), begin, step) : VolumeRange{};
  if (moves_blocks(device, into.shape(), x.shape(), range)) {
    const Layout part = device.layout(x.shape());
    const float* from = x.data<float>();
    float* to = into.data<float>();
    for_each_row(part, device.layout(into.shape()), range,
                 [&](int64_t i, int64_t j) { copy_row(part, from + i, 1, to + j, range.step[4]); });
    return;
  }
  const Placement at = place_in(into.shape(), begin, step);
  if (!device.is_blocked(x.shape()) && !device.is_blocked(into.shape())) {
    copy_strided(x.data<float>(), x.shape().strides(), into.data<float>() + at.offset, at.strides, x.shape());
    return;
  }
  const auto from = device.to_plain(x);
  auto to = device.to_plain(into);
  for_each_offset(x.shape(), at.strides, [&](int64_t i, int64_t j) {
    to[static_cast<size_t>(at.offset + j)] = from[static_cast<size_t>(i)];
  });
  into = device.from_plain(into.shape(), to.data());
}

namespace {

/// Where one channel of the result comes from: every `step`-th float of an item; none where it fills a block
/// up.
struct ChannelSource {
  const float* values = nullptr;
  int64_t step = 0, item = 0;
};

std::vector<ChannelSource> channel_sources(Device& device, std::span<const Buffer> parts) {
  std::vector<ChannelSource> result;
  for (const Buffer& part : parts) {
    const Layout l = device.layout(part.shape());
    for (int64_t c = 0; c < l.channels; ++c) {
      const int64_t start = c / l.block * l.spatial() * l.block + c % l.block;
      result.push_back({part.data<float>() + start, l.block, l.floats() / l.batch});
    }
  }
  return result;
}

/// Volumes put after one another along channels, wherever in a block they begin: every block of the result
/// is gathered once.
Buffer concat_channels(Device& device, std::span<const Buffer> parts, const Shape& shape) {
  Buffer y = device.allocate(shape);
  const Layout l = device.layout(shape);
  auto sources = channel_sources(device, parts);
  sources.resize(static_cast<size_t>(l.blocks * l.block));
  float* to = y.data<float>();
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < l.batch; ++n) {
    for (int64_t b = 0; b < l.blocks; ++b) {
      float* block = to + (n * l.blocks + b) * l.spatial() * l.block;
      for (int64_t lane = 0; lane < l.block; ++lane) {
        const ChannelSource& from = sources[static_cast<size_t>(b * l.block + lane)];
        for (int64_t i = 0; i < l.spatial(); ++i) {
          block[i * l.block + lane] =
              from.values != nullptr ? from.values[n * from.item + i * from.step] : 0.0F;
        }
      }
    }
  }
  return y;
}

/// Whether every part begins at a channel block's first channel.
bool parts_fill_blocks(Device& device, std::span<const Buffer> parts) {
  return std::ranges::all_of(parts.first(parts.size() - 1),
                             [&](const Buffer& part) {
                               return device.is_blocked(part.shape()) &&
                                      part.shape()[1] % device.block() == 0;
                             }) &&
         device.is_blocked(parts.back().shape());
}

}  // namespace

Buffer concat_parts(Device& device, std::span<const Buffer> parts, int64_t axis) {
  Shape shape = parts[0].shape();
  shape[axis] = 0;
  for (const Buffer& part : parts) shape[axis] += part.shape()[axis];
  if (axis == 1 && device.is_blocked(shape) && !parts_fill_blocks(device, parts))
    return concat_channels(device, parts, shape);
  Buffer y = device.allocate(shape);
  std::vector<int64_t> begin(static_cast<size_t>(shape.rank()), 0);
  const std::vector<int64_t> step(begin.size(), 1);
  for (const Buffer& part : parts) {
    place_slice(device, part, y, begin, step);
    begin[static_cast<size_t>(axis)] += part.shape()[axis];
  }
  return y;
}

}  // namespace relevid::kernels::onednn
