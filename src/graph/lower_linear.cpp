// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "graph/builder.h"
#include "graph/lower_parts.h"
#include "graph/window.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

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

/// The last two axes swapped.
ValueId emit_matrix_transpose(Builder& builder, const ModelNode& node, ValueId x) {
  std::vector<int64_t> dims = builder.shape(x).dims(), permutation(dims.size());
  std::iota(permutation.begin(), permutation.end(), int64_t{0});
  std::swap(permutation[dims.size() - 2], permutation[dims.size() - 1]);
  std::swap(dims[dims.size() - 2], dims[dims.size() - 1]);
  return builder.emit(node, Transpose{std::move(permutation)}, {x}, Shape(std::move(dims)));
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
  const bool first = builder.is_constant(node.inputs[0]), second = builder.is_constant(node.inputs[1]);
  if (!first && !second) return lower_product(builder, node);
  const TensorRef constant = as_float(builder.constant(node, first ? 0 : 1));
  if (constant->shape().rank() != 2)
    reject(fmt::format("a constant of shape {}; a matrix is taken", constant->shape().to_string()));
  const ValueId x = builder.value(node, first ? 1 : 0);
  if (!first) {
    builder.define(node.outputs.at(0), emit_dense(builder, node, x, transposed(*constant, 1), nullptr));
    return;
  }
  if (builder.shape(x).rank() < 2) reject("a matrix times a vector");  // A x is (xᵀ Aᵀ)ᵀ
  const ValueId rows = emit_matrix_transpose(builder, node, x);
  const ValueId product = emit_dense(builder, node, rows, constant, nullptr);
  builder.define(node.outputs.at(0), emit_matrix_transpose(builder, node, product));
}

void lower_transposed_convolution(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef weight = as_float(builder.constant(node, 1)), bias = as_float(builder.constant(node, 2));
  const Shape& from = builder.shape(x);
  if (from.rank() != 4 && from.rank() != 5)
    reject(fmt::format("a transposed convolution of {}; 2-D and 3-D are taken", from.to_string()));
  if (node.has("output_shape")) reject("a stated output shape; pads are taken");
  if (const std::string pad = node.text("auto_pad", "NOTSET"); pad != "NOTSET" && pad != "VALID")
    reject(fmt::format("auto_pad '{}'; explicit pads are taken", pad));
  const int64_t groups = node.integer("group", 1);
  if (!weight || weight->shape().rank() != from.rank() || weight->shape()[0] != from[1] || groups < 1 ||
      from[1] % groups != 0 || (bias && bias->elements() != weight->shape()[1] * groups))
    shapes_differ(node, from, weight ? weight->shape() : Shape{});
  require_finite(node, *weight, "weight");
  if (bias) require_finite(node, *bias, "bias");
  const std::vector<int64_t> kernel(weight->shape().dims().begin() + 2, weight->shape().dims().end());
  const ResolvedWindow resolved = resolve_transposed_window(node, from, kernel);
  Shape to = resolved.output;
  to[1] = weight->shape()[1] * groups;
  builder.define(
      node.outputs.at(0),
      builder.emit(node, TransposedConvolution{{resolved.window, groups, weight, nullptr}, bias}, {x}, to));
}

}  // namespace relevid::graph
