// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/window.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

TensorRef as_float(const TensorRef& tensor) {
  if (!tensor || tensor->dtype() == DType::kF32) return tensor;
  return share(tensor->cast(DType::kF32));
}

[[noreturn]] void shapes_differ(const ModelNode& node, const Shape& input, const Shape& weight) {
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{}: weight {} does not fit input {}", node.label(),
                                                       weight.to_string(), input.to_string()));
}

/// [out, in] from [in, out], scaled.
TensorRef transposed(const Tensor& matrix, double scale) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor result(Shape{columns, rows}, DType::kF32);
  const auto from = matrix.values<float>();
  const auto to = result.values<float>();
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      to[static_cast<size_t>(c * rows + r)] =
          static_cast<float>(scale * from[static_cast<size_t>(r * columns + c)]);
    }
  }
  return share(std::move(result));
}

Tensor scaled(const Tensor& tensor, double scale) {
  Tensor result = tensor.clone();
  for (float& value : result.values<float>()) value = static_cast<float>(scale * value);
  return result;
}

ValueId emit_dense(Builder& builder, const ModelNode& node, ValueId x, TensorRef weight, TensorRef bias) {
  Shape shape = builder.shape(x);
  if (shape.rank() < 1 || shape[shape.rank() - 1] != weight->shape()[1])
    shapes_differ(node, shape, weight->shape());
  shape[shape.rank() - 1] = weight->shape()[0];
  require_finite(node, *weight, "weight");
  if (bias) require_finite(node, *bias, "bias");
  return builder.emit(node, Dense{std::move(weight), std::move(bias)}, {x}, std::move(shape));
}

}  // namespace

void lower_convolution(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef weight = as_float(builder.constant(node, 1));
  const TensorRef bias = as_float(builder.constant(node, 2));
  const Shape& from = builder.shape(x);
  if (from.rank() != 4 && from.rank() != 5)
    reject(fmt::format("a convolution of {}; 2-D and 3-D are taken", from.to_string()));
  if (!weight) throw Error(ErrorKind::kCorruptInput, fmt::format("{}: no weight", node.label()));

  Convolution op;
  op.groups = node.integer("group", 1);
  op.weight = weight;
  op.bias = bias;
  const Shape& w = weight->shape();
  if (w.rank() != from.rank() || op.groups < 1 || op.groups > from[1] || w[1] * op.groups != from[1] ||
      w[0] % op.groups != 0 || (bias && bias->elements() != w[0])) {
    shapes_differ(node, from, w);
  }
  require_finite(node, *weight, "weight");
  if (bias) require_finite(node, *bias, "bias");
  const std::vector<int64_t> kernel(w.dims().begin() + 2, w.dims().end());
  const ResolvedWindow resolved = resolve_window(node, from, kernel);
  op.window = resolved.window;
  Shape to = resolved.output;
  to[1] = w[0];
  builder.define(node.outputs.at(0), builder.emit(node, std::move(op), {x}, std::move(to)));
}

void lower_gemm(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef b = as_float(builder.constant(node, 1));
  const TensorRef c = as_float(builder.constant(node, 2));
  if (node.integer("transA", 0) != 0) reject("transA = 1 on computed values");
  if (!b || b->shape().rank() != 2) reject("the second operand is not a constant matrix");
  const double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  TensorRef weight =
      node.integer("transB", 0) != 0 ? (alpha == 1 ? b : share(scaled(*b, alpha))) : transposed(*b, alpha);
  const int64_t out = weight->shape()[0];
  TensorRef bias;
  if (c && c->elements() == 1) {
    bias =
        share(Tensor::from(Shape{out}, std::vector<float>(static_cast<size_t>(out),
                                                          static_cast<float>(beta * c->values<float>()[0]))));
  } else if (c) {
    if (c->elements() != out) reject(fmt::format("a bias of shape {}", c->shape().to_string()));
    bias = share(scaled(*c, beta).reshaped(Shape{out}));
  }
  builder.define(node.outputs.at(0), emit_dense(builder, node, x, std::move(weight), std::move(bias)));
}

void lower_matmul(Builder& builder, const ModelNode& node) {
  if (node.inputs.size() != 2)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: two inputs are needed", node.label()));
  if (!builder.is_constant(node.inputs[1])) reject("a product of two computed values");
  const ValueId x = builder.value(node, 0);
  const TensorRef b = as_float(builder.constant(node, 1));
  if (b->shape().rank() != 2)
    reject(fmt::format("a constant of shape {}; a matrix is taken", b->shape().to_string()));
  builder.define(node.outputs.at(0), emit_dense(builder, node, x, transposed(*b, 1), nullptr));
}

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

}  // namespace relevid::graph
