// SPDX-License-Identifier: Apache-2.0
// Batch, layer, instance and group normalisation.
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/lower_parts.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// A scale or shift of a normalisation in the shape that it broadcasts to x with; `otherwise` where the node
/// has none.
TensorRef parameter(Builder& builder, const ModelNode& node, size_t index, Shape shape, float otherwise) {
  const TensorRef given = as_float(builder.constant(node, index));
  if (!given)
    return share(Tensor::from(Shape(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1)),
                              std::vector<float>{otherwise}));
  if (given->elements() != shape.elements()) shapes_differ(node, shape, given->shape());
  require_finite(node, *given, "parameter");
  return share(given->clone().reshaped(std::move(shape)));
}

void define_standardised(Builder& builder, const ModelNode& node, ValueId x, std::vector<int64_t> axes,
                         const Shape& parameters) {
  const Shape shape = builder.shape(x);
  Affine affine{parameter(builder, node, 1, parameters, 1), parameter(builder, node, 2, parameters, 0)};
  const double epsilon = node.number("epsilon", 1e-5);
  if (!(epsilon >= 0)) reject(fmt::format("an epsilon of {}", epsilon));
  const ValueId y = builder.emit(node, Standardise{std::move(axes), epsilon}, {x}, shape);
  builder.define(node.outputs.at(0), builder.emit(node, std::move(affine), {y}, shape));
}

}  // namespace

void lower_batch_norm(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  if (node.integer("training_mode", 0) != 0) reject("training_mode = 1; export the model in evaluation mode");
  const Shape from = builder.shape(x);
  std::vector<std::vector<double>> parameters;  // gamma, beta, mean, variance
  for (size_t i = 1; i <= 4; ++i) {
    const TensorRef tensor = as_float(builder.constant(node, i));
    if (!tensor || from.rank() < 2 || tensor->elements() != from[1]) {
      shapes_differ(node, from, tensor ? tensor->shape() : Shape{});
    }
    require_finite(node, *tensor, "parameter");
    parameters.push_back(tensor->as_doubles());
  }
  const double epsilon = node.number("epsilon", 1e-5);
  if (builder.mode() == Mode::kTraining) {
    const auto flat = [&](size_t i) {
      return share(as_float(builder.constant(node, i))->clone().reshaped(Shape{from[1]}));
    };
    const BatchNorm norm{flat(1), flat(2), flat(3), flat(4), epsilon};
    builder.define(node.outputs.at(0), builder.emit(node, norm, {x}, from));
    return;
  }
  Shape channelwise(std::vector<int64_t>(static_cast<size_t>(from.rank()), 1));
  channelwise[1] = from[1];
  Tensor scale(channelwise, DType::kF32), shift(channelwise, DType::kF32);
  for (size_t c = 0; c < parameters[0].size(); ++c) {
    const double k = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon);
    scale.values<float>()[c] = static_cast<float>(k);
    shift.values<float>()[c] = static_cast<float>(parameters[1][c] - parameters[2][c] * k);
  }
  require_finite(node, scale, "scale over deviation");  // a negative variance has none
  require_finite(node, shift, "shift");
  builder.define(node.outputs.at(0),
                 builder.emit(node, Affine{share(std::move(scale)), share(std::move(shift))}, {x}, from));
}

/// Over the axes from `axis` on, which its scale and shift have too.
void lower_layer_norm(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  Shape parameters = builder.shape(x);
  const int64_t axis = resolve_axis(node, node.integer("axis", -1), parameters.rank());
  std::vector<int64_t> axes(static_cast<size_t>(parameters.rank() - axis));
  std::iota(axes.begin(), axes.end(), axis);
  for (int64_t i = 0; i < axis; ++i) parameters[i] = 1;
  define_standardised(builder, node, x, std::move(axes), parameters);
}

/// Over all axes after the channels, with a scale and a shift per channel.
void lower_instance_norm(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  Shape parameters = builder.shape(x);
  if (parameters.rank() < 3) reject(fmt::format("an instance norm of {}", parameters.to_string()));
  std::vector<int64_t> axes(static_cast<size_t>(parameters.rank() - 2));
  std::iota(axes.begin(), axes.end(), int64_t{2});
  for (int64_t i = 0; i < parameters.rank(); ++i) parameters[i] = i == 1 ? parameters[i] : 1;
  define_standardised(builder, node, x, std::move(axes), parameters);
}

/// Over the channels of a group and all axes after, with a scale and a shift per channel (since opset 21) or
/// per group (before).
void lower_group_norm(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const Shape shape = builder.shape(x);
  const int64_t groups = node.integer("num_groups", 0);
  if (shape.rank() < 3 || groups < 1 || shape[1] % groups != 0)
    reject(fmt::format("{} groups of {}", groups, shape.to_string()));
  const double epsilon = node.number("epsilon", 1e-5);
  if (!(epsilon >= 0)) reject(fmt::format("an epsilon of {}", epsilon));
  Shape channelwise(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1));
  channelwise[1] = shape[1];
  const auto by_channel = [&](size_t index, float otherwise) {
    const TensorRef given = as_float(builder.constant(node, index));
    if (!given || given->elements() != groups) return parameter(builder, node, index, channelwise, otherwise);
    Tensor spread(channelwise, DType::kF32);
    for (int64_t c = 0; c < shape[1]; ++c)
      spread.values<float>()[static_cast<size_t>(c)] =
          given->values<float>()[static_cast<size_t>(c / (shape[1] / groups))];
    require_finite(node, spread, "parameter");
    return share(std::move(spread));
  };
  Affine affine{by_channel(1, 1), by_channel(2, 0)};
  const Shape grouped{shape[0], groups, shape.elements() / (shape[0] * groups)};
  const ValueId y =
      builder.emit(node, Standardise{{2}, epsilon}, {builder.reshape(node, x, grouped)}, grouped);
  builder.define(node.outputs.at(0),
                 builder.emit(node, std::move(affine), {builder.reshape(node, y, shape)}, shape));
}

}  // namespace relevid::graph
