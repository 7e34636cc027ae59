// SPDX-License-Identifier: Apache-2.0
// Quantised models in the QDQ form: constants are read as the weights that they stand for, and computed
// values go through QuantizeLinear and DequantizeLinear as they are.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/expansion.h"
#include "graph/lower_parts.h"
#include "graph/strided.h"

namespace relevid::graph {
namespace {

struct Range {
  double lowest = 0, highest = 0;
};

/// Of a whole-number type, by ONNX's number for it; nothing for others.
std::optional<Range> range_of(int64_t data_type) {
  static const std::map<int64_t, Range> kRanges = {{2, {0, 255}},        {3, {-128, 127}}, {4, {0, 65535}},
                                                   {5, {-32768, 32767}}, {21, {0, 15}},    {22, {-8, 7}},
                                                   {25, {0, 3}},         {26, {-2, 1}}};
  const auto found = kRanges.find(data_type);
  if (found == kRanges.end()) return std::nullopt;
  return found->second;
}

/// What a QuantizeLinear node writes: its attribute, which a file's reader sets from the zero point's type.
std::optional<Range> range_of(const ModelNode& node) {
  constexpr int64_t kUnsignedByte = 2;
  const int64_t type = node.integer("output_dtype", 0);
  return range_of(type == 0 ? kUnsignedByte : type);
}

/// A scale or zero point for every element of x: one for all, one per entry of an axis, or one per block of
/// it.
Tensor spread(const ModelNode& node, const Tensor& given, const Shape& shape) {
  if (given.elements() == 1) return given.cast(DType::kF64).reshaped(Shape{});
  const int64_t axis = resolve_axis(node, node.integer("axis", 1), shape.rank());
  const int64_t block = node.integer("block_size", 0);
  const auto misfit = [&] {
    throw_corrupt(node, fmt::format("{} scales for {}", given.shape().to_string(), shape.to_string()));
  };
  Shape along(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1));
  along[axis] = shape[axis];
  if (block == 0) {
    if (given.elements() != shape[axis]) misfit();
    return given.cast(DType::kF64).reshaped(along);
  }
  Shape blocks = shape;
  if (block < 0) misfit();
  blocks[axis] = shape[axis] / block + (shape[axis] % block != 0 ? 1 : 0);
  if (given.shape() != blocks) misfit();
  const Tensor values = given.cast(DType::kF64);
  Tensor result(shape, DType::kF64);
  auto strides = blocks.strides();
  const int64_t stride = strides[static_cast<size_t>(axis)],
                inner = shape.strides()[static_cast<size_t>(axis)];
  strides[static_cast<size_t>(axis)] = 0;
  for_each_offset(shape, strides, [&](int64_t i, int64_t others) {
    const int64_t at = i / inner % shape[axis] / block;
    result.values<double>()[static_cast<size_t>(i)] =
        values.values<double>()[static_cast<size_t>(others + at * stride)];
  });
  return result;
}

/// f(x, scale, zero point) element by element.
template <class F>
Tensor with_scales(const ModelNode& node, std::span<const TensorRef> inputs, F&& f) {
  const Tensor &x = operand(node, inputs, 0), &scale = operand(node, inputs, 1);
  const Shape& shape = x.shape();
  const bool has_zero = inputs.size() > 2 && inputs[2];
  const Tensor scales = spread(node, scale, shape),
               zeros = has_zero ? spread(node, *inputs[2], shape) : Tensor(Shape{}, DType::kF64);
  Tensor result = x.cast(DType::kF64);
  const auto values = result.values<double>();
  for_each_offsets(shape, broadcast_strides(scales.shape(), shape), broadcast_strides(zeros.shape(), shape),
                   [&](int64_t i, int64_t s, int64_t z) {
                     double& value = values[static_cast<size_t>(i)];
                     value = f(value, scales.values<double>()[static_cast<size_t>(s)],
                               zeros.values<double>()[static_cast<size_t>(z)]);
                   });
  return result;
}

DType type_of(const Range& range) {
  if (range.lowest == 0) return range.highest > 255 ? DType::kI32 : DType::kU8;
  return range.highest > 127 ? DType::kI32 : DType::kI8;
}

bool same(const TensorRef& a, const TensorRef& b) {
  if (!a || !b) return !a && !b;
  return a == b || a->as_doubles() == b->as_doubles();
}

/// Whether every zero point is the lowest number there is, so that nothing below zero is left.
bool drops_negatives(const TensorRef& zero_point, const Range& range) {
  if (!zero_point) return range.lowest == 0;
  return std::ranges::all_of(zero_point->as_doubles(), [&](double zero) { return zero == range.lowest; });
}

}  // namespace

std::optional<Tensor> evaluate_quantised(const ModelNode& node, std::span<const TensorRef> inputs) {
  if (node.op == "DequantizeLinear")
    return with_scales(node, inputs, [](double x, double scale, double zero) { return (x - zero) * scale; })
        .cast(DType::kF32);
  const auto range = node.op == "QuantizeLinear" ? range_of(node) : std::nullopt;
  if (!range) return std::nullopt;
  return with_scales(node, inputs,
                     [&](double x, double scale, double zero) {
                       return std::clamp(std::nearbyint(x / scale) + zero, range->lowest, range->highest);
                     })
      .cast(type_of(*range));
}

/// Its input stays as it is. Only where quantising drops all negative numbers is that kept: tools that
/// quantise leave out rectifiers before it, as it does their work.
void lower_quantize(Builder& builder, const ModelNode& node) {
  ValueId x = builder.value(node, 0);
  const TensorRef scale = builder.constant(node, 1), zero_point = builder.constant(node, 2);
  if (!scale) throw_corrupt(node, "no scale is given");
  const auto range = range_of(node);
  const bool rectifies = range && drops_negatives(zero_point, *range) &&
                         never_negative(builder.graph())[static_cast<size_t>(x)] == 0;
  if (rectifies) {
    Activation rectifier{Activation::Kind::kRelu};
    if (scale->elements() == 1)
      rectifier = {Activation::Kind::kClip, 0, (range->highest - range->lowest) * scale->as_doubles()[0]};
    x = builder.emit(node, rectifier, {x}, builder.shape(x));
  }
  builder.define(node.outputs.at(0), Quantised{x, scale, zero_point});
}

/// Of what QuantizeLinear wrote with the same scale, or of numbers that the network gets or computes.
void lower_dequantize(Builder& builder, const ModelNode& node) {
  const TensorRef scale = builder.constant(node, 1), zero_point = builder.constant(node, 2);
  if (!scale) throw_corrupt(node, "no scale is given");
  const auto* quantised = node.has_input(0) ? builder.find_as<Quantised>(node.inputs[0]) : nullptr;
  if (quantised) {
    if (!same(quantised->scale, scale) || !same(quantised->zero_point, zero_point))
      reject("another scale or zero point than its input was quantised with");
    return builder.define(node.outputs.at(0), quantised->of);
  }
  const Shape shape = builder.shape(builder.value(node, 0));
  Expansion expand(builder, node);
  std::string y = expand.input(0);
  if (zero_point)
    y = expand("Sub", {y, expand.bind("zero", share(spread(node, *zero_point, shape).cast(DType::kF32)))});
  expand.finish(
      expand("Mul", {y, expand.bind("scale", share(spread(node, *scale, shape).cast(DType::kF32)))}));
}

}  // namespace relevid::graph
