// SPDX-License-Identifier: Apache-2.0
// Resize, and what picks or repeats elements along an axis: Gather, Expand.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/lower_parts.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// How Resize goes along one axis, by ONNX's definition.
struct AxisResize {
  int64_t from = 1, to = 1;
  float scale = 1;
  std::string coordinates, nearest;  ///< coordinate_transformation_mode, nearest_mode

  /// Where element `o` of the output lies in the input. In float, as runtimes compute it: a coordinate that
  /// rounding puts on the other side of an integer takes another neighbour.
  float position(int64_t o) const {
    const auto at = static_cast<float>(o);
    if (coordinates == "asymmetric") return at / scale;
    if (coordinates == "align_corners")
      return to == 1 ? 0 : at * static_cast<float>(from - 1) / static_cast<float>(to - 1);
    if (coordinates == "pytorch_half_pixel" && to == 1) return 0;
    const float half_pixel = (at + 0.5F) / scale - 0.5F;
    if (coordinates != "half_pixel_symmetric") return half_pixel;
    const float adjustment = static_cast<float>(to) / (scale * static_cast<float>(from));
    return static_cast<float>(from) / 2 * (1 - adjustment) + half_pixel;
  }
  int64_t clamped(float position) const {
    return std::clamp<int64_t>(static_cast<int64_t>(position), 0, from - 1);
  }
  int64_t nearest_to(float x) const {
    if (nearest == "floor") return clamped(std::floor(x));
    if (nearest == "ceil") return clamped(std::ceil(x));
    const bool half = x == std::floor(x) + 0.5F;
    if (half) return clamped(nearest == "round_prefer_ceil" ? std::ceil(x) : std::floor(x));
    return clamped(std::round(x));
  }
  bool keeps_all() const { return from == to && scale == 1; }
};

std::vector<AxisTap> nearest_taps(const AxisResize& axis) {
  std::vector<AxisTap> taps;
  for (int64_t o = 0; o < axis.to; ++o) taps.push_back({o, axis.nearest_to(axis.position(o)), 1});
  return taps;
}

/// Beyond the first and last element the edge goes on.
std::vector<AxisTap> linear_taps(const AxisResize& axis) {
  std::vector<AxisTap> taps;
  for (int64_t o = 0; o < axis.to; ++o) {
    const float x = axis.position(o), below = std::floor(x);
    const int64_t first = axis.clamped(below), second = axis.clamped(below + 1);
    const auto weight = static_cast<double>(x - below);
    if (first == second || weight == 0) {
      taps.push_back({o, first, 1});
    } else {
      taps.push_back({o, first, 1 - weight});
      taps.push_back({o, second, weight});
    }
  }
  return taps;
}

/// What Resize (opset 10 and later) and Upsample (9) ask for, axis by axis.
std::vector<AxisResize> resolve_resize(Builder& builder, const ModelNode& node, const Shape& from) {
  const bool old = node.op == "Upsample" || node.inputs.size() < 3;  // opset 9 and 10: no region, floor
  AxisResize any;
  any.coordinates = node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel");
  any.nearest = node.text("nearest_mode", old ? "floor" : "round_prefer_floor");
  if (any.coordinates == "tf_crop_and_resize") reject("coordinates 'tf_crop_and_resize'");
  if (node.integer("antialias", 0) != 0) reject("antialias = 1");
  if (node.text("keep_aspect_ratio_policy", "stretch") != "stretch") reject("a policy for the aspect ratio");
  const TensorRef scales = builder.constant(node, old ? 1 : 2), sizes = builder.constant(node, 3);
  std::vector<int64_t> every(static_cast<size_t>(from.rank()));
  std::iota(every.begin(), every.end(), int64_t{0});
  const std::vector<int64_t> axes = node.integers("axes", every);
  const bool by_size = sizes && sizes->elements() > 0;
  const std::vector<double> given = by_size  ? sizes->as_doubles()
                                    : scales ? scales->as_doubles()
                                             : std::vector<double>{};
  if (given.size() != axes.size())
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: {} scales for {} axes", node.label(), given.size(), axes.size()));
  std::vector<AxisResize> result(static_cast<size_t>(from.rank()), any);
  for (int64_t i = 0; i < from.rank(); ++i)
    result[static_cast<size_t>(i)].from = result[static_cast<size_t>(i)].to = from[i];
  for (size_t k = 0; k < axes.size(); ++k) {
    AxisResize& axis = result[static_cast<size_t>(resolve_axis(node, axes[k], from.rank()))];
    constexpr double kLargest = 1 << 20;
    const double size =
        by_size ? given[k] : std::floor(static_cast<float>(axis.from) * static_cast<float>(given[k]));
    if (!(size >= 1 && size <= kLargest))
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: a new size of {} along axis {}", node.label(), size, axes[k]));
    axis.to = static_cast<int64_t>(size);
    axis.scale =
        by_size ? static_cast<float>(axis.to) / static_cast<float>(axis.from) : static_cast<float>(given[k]);
  }
  return result;
}

}  // namespace

ValueId emit_resample(Builder& builder, const ModelNode& node, ValueId x, int64_t axis,
                      std::vector<AxisTap> taps) {
  Shape to = builder.shape(x);
  to[axis] = taps.empty() ? 0 : taps.back().to + 1;
  return builder.emit(node, Resample{axis, std::move(taps)}, {x}, std::move(to));
}

void lower_resize(Builder& builder, const ModelNode& node) {
  const std::string mode = node.text("mode", "nearest");
  if (mode != "nearest" && mode != "linear")
    reject(fmt::format("mode '{}'; nearest and linear are taken", mode));
  ValueId x = builder.value(node, 0);
  const auto axes = resolve_resize(builder, node, builder.shape(x));
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i].keeps_all()) continue;
    x = emit_resample(builder, node, x, static_cast<int64_t>(i),
                      mode == "nearest" ? nearest_taps(axes[i]) : linear_taps(axes[i]));
  }
  builder.define(node.outputs.at(0), x);
}

ValueId emit_selection(Builder& builder, const ModelNode& node, ValueId x, int64_t axis,
                       const std::vector<int64_t>& indices) {
  std::vector<AxisTap> taps;
  for (size_t i = 0; i < indices.size(); ++i) taps.push_back({static_cast<int64_t>(i), indices[i], 1});
  return emit_resample(builder, node, x, axis, std::move(taps));
}

/// Along one axis, which the shape of the indices then takes the place of.
void lower_gather(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef given = builder.constant(node, 1);
  const Shape from = builder.shape(x);
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), from.rank());
  if (!given) throw Error(ErrorKind::kCorruptInput, fmt::format("{}: no indices", node.label()));
  std::vector<int64_t> indices = given->as_ints();
  for (int64_t& index : indices) index = resolve_axis(node, index, from[axis]);
  std::vector<int64_t> dims = from.dims();
  dims.erase(dims.begin() + axis);
  dims.insert(dims.begin() + axis, given->shape().dims().begin(), given->shape().dims().end());
  ValueId picked = x;
  if (indices.size() == 1) {
    std::vector<int64_t> begin(static_cast<size_t>(from.rank()), 0), step(begin.size(), 1);
    begin[static_cast<size_t>(axis)] = indices[0];
    Shape one = from;
    one[axis] = 1;
    if (one != from)
      picked = builder.emit(node, Slice{std::move(begin), std::move(step)}, {x}, std::move(one));
  } else {
    picked = emit_selection(builder, node, x, axis, indices);
  }
  builder.define(node.outputs.at(0), builder.reshape(node, picked, Shape(std::move(dims))));
}

ValueId emit_expand(Builder& builder, const ModelNode& node, ValueId x, const Shape& to) {
  constexpr int64_t kMost = int64_t{1} << 32;
  if (to.elements() > kMost)
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: an expansion to {}", node.label(), to.to_string()));
  x = builder.reshape(node, x, with_rank(builder.shape(x), to.rank()));
  for (int64_t axis = to.rank() - 1; axis >= 0; --axis) {
    if (builder.shape(x)[axis] == to[axis]) continue;
    x = emit_selection(builder, node, x, axis, std::vector<int64_t>(static_cast<size_t>(to[axis]), 0));
  }
  return x;
}

void lower_expand(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef shape = builder.constant(node, 1);
  if (!shape) throw Error(ErrorKind::kCorruptInput, fmt::format("{}: no shape is given", node.label()));
  const Shape to = broadcast(builder.shape(x), Shape(shape->as_ints()));
  builder.define(node.outputs.at(0), emit_expand(builder, node, x, to));
}

}  // namespace relevid::graph
