// SPDX-License-Identifier: Apache-2.0
#include "api/layout.h"

#include <algorithm>
#include <array>

#include "relevid/explain.h"
#include "tensor/strides.h"

namespace relevid {
namespace {

using Axes = std::array<int64_t, 5>;

/// For each axis of [N, C, T, H, W] the axis of the layout.
Axes axes_of(ClipLayout layout) {
  switch (layout) {
    case ClipLayout::kNcthw:
      return {0, 1, 2, 3, 4};
    case ClipLayout::kNtchw:
      return {0, 2, 1, 3, 4};
    case ClipLayout::kNthwc:
      return {0, 4, 1, 2, 3};
  }
  return {0, 1, 2, 3, 4};
}

Tensor transposed(const Tensor& tensor, const Axes& axes) {
  const auto strides = tensor.shape().strides();
  std::vector<int64_t> dims, moved;
  for (const int64_t axis : axes) {
    dims.push_back(tensor.shape()[axis]);
    moved.push_back(strides[static_cast<size_t>(axis)]);
  }
  Tensor result(Shape(std::move(dims)), DType::kF32);
  const auto source = tensor.values<float>();
  const auto target = result.values<float>();
  for_each_offset(result.shape(), moved, [&](int64_t i, int64_t j) {
    target[static_cast<size_t>(i)] = source[static_cast<size_t>(j)];
  });
  return result;
}

}  // namespace

Tensor to_ncthw(const Tensor& tensor, ClipLayout layout) {
  if (layout == ClipLayout::kNcthw) return tensor.clone();
  return transposed(tensor, axes_of(layout));
}

Tensor from_ncthw(const Tensor& tensor, ClipLayout layout) {
  if (layout == ClipLayout::kNcthw) return tensor.clone();
  Axes inverse{};
  const Axes axes = axes_of(layout);
  for (size_t i = 0; i < axes.size(); ++i) inverse[static_cast<size_t>(axes[i])] = static_cast<int64_t>(i);
  return transposed(tensor, inverse);
}

Shape ncthw_shape(const Shape& shape, ClipLayout layout) {
  std::vector<int64_t> dims;
  for (const int64_t axis : axes_of(layout)) dims.push_back(shape[axis]);
  return Shape(std::move(dims));
}

ClipLayout layout_of(const Shape& clip) {
  const auto is_channels = [&](int64_t axis) { return clip[axis] == 1 || clip[axis] == 3; };
  if (is_channels(1)) return ClipLayout::kNcthw;
  if (is_channels(4)) return ClipLayout::kNthwc;
  return is_channels(2) ? ClipLayout::kNtchw : ClipLayout::kNcthw;
}

void put_item(Tensor& all, int64_t index, const Tensor& item) {
  const auto from = item.values<float>();
  std::ranges::copy(from, all.values<float>().begin() + index * item.elements());
}

}  // namespace relevid
