// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/strided_copy.h"

#include <algorithm>

namespace relevid::kernels::onednn {
namespace {

struct Axis {
  int64_t size, from, to;
};

/// The axes with those of size 1 left out, and neighbours that move together made one.
std::vector<Axis> merged_axes(const std::vector<int64_t>& from, const std::vector<int64_t>& to,
                              const Shape& shape) {
  std::vector<Axis> axes;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    const auto k = static_cast<size_t>(i);
    if (shape[i] == 1) continue;
    if (!axes.empty() && axes.back().from == from[k] * shape[i] && axes.back().to == to[k] * shape[i])
      axes.back() = {axes.back().size * shape[i], from[k], to[k]};
    else
      axes.push_back({shape[i], from[k], to[k]});
  }
  return axes;
}

/// The axis along which the destination (or the source) is contiguous; a new one of size 1 where there is
/// none.
Axis take_contiguous(std::vector<Axis>& axes, int64_t Axis::*stride) {
  const auto found = std::ranges::find(axes, 1, stride);
  if (found == axes.end()) return {1, 0, 0};
  const Axis axis = *found;
  axes.erase(found);
  return axis;
}

void copy_tile(const float* from, float* to, const Axis& rows, const Axis& columns) {
  constexpr int64_t kTile = 16;
  for (int64_t r = 0; r < rows.size; r += kTile) {
    const int64_t r_end = std::min(r + kTile, rows.size);
    for (int64_t c = 0; c < columns.size; c += kTile) {
      const int64_t c_end = std::min(c + kTile, columns.size);
      for (int64_t i = r; i < r_end; ++i)
        for (int64_t j = c; j < c_end; ++j)
          to[i * rows.to + j * columns.to] = from[i * rows.from + j * columns.from];
    }
  }
}

}  // namespace

void copy_strided(const float* from, const std::vector<int64_t>& from_strides, float* to,
                  const std::vector<int64_t>& to_strides, const Shape& shape) {
  if (shape.elements() == 0) return;
  std::vector<Axis> axes = merged_axes(from_strides, to_strides, shape);
  const Axis columns = take_contiguous(axes, &Axis::to);
  const bool in_rows = columns.from == 1;
  const Axis rows = in_rows ? Axis{1, 0, 0} : take_contiguous(axes, &Axis::from);
  int64_t count = 1;
  for (const Axis& axis : axes) count *= axis.size;
#pragma omp parallel for schedule(static)
  for (int64_t n = 0; n < count; ++n) {
    int64_t rest = n, from_offset = 0, to_offset = 0;
    for (size_t i = axes.size(); i-- > 0;) {
      from_offset += rest % axes[i].size * axes[i].from;
      to_offset += rest % axes[i].size * axes[i].to;
      rest /= axes[i].size;
    }
    if (in_rows)
      std::copy_n(from + from_offset, columns.size, to + to_offset);
    else
      copy_tile(from + from_offset, to + to_offset, rows, columns);
  }
}

}  // namespace relevid::kernels::onednn
