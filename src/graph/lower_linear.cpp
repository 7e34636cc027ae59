// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "graph/builder.h"
#include "graph/expansion.h"
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

/// The last two axes swapped.
ValueId emit_matrix_transpose(Builder& builder, const ModelNode& node, ValueId x) {
  std::vector<int64_t> permutation(static_cast<size_t>(builder.shape(x).rank()));
  std::iota(permutation.begin(), permutation.end(), int64_t{0});
  std::swap(permutation[permutation.size() - 2], permutation.back());
  return builder.transpose(node, x, std::move(permutation));
}

}  // namespace

ValueId emit_dense(Builder& builder, const ModelNode& node, ValueId x, TensorRef weight, TensorRef bias) {
  Shape shape = builder.shape(x);
  if (shape.rank() < 1 || shape[shape.rank() - 1] != weight->shape()[1])
    shapes_differ(node, shape, weight->shape());
  shape[shape.rank() - 1] = weight->shape()[0];
  require_finite(node, *weight, "weight");
  if (bias) require_finite(node, *bias, "bias");
  return builder.emit(node, Dense{std::move(weight), std::move(bias)}, {x}, std::move(shape));
}

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

/// A dense layer where the second operand is constant and the first as it is; otherwise as what it stands
/// for.
void lower_gemm(Builder& builder, const ModelNode& node) {
  const double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  const bool is_layer = node.inputs.size() > 1 && node.integer("transA", 0) == 0 &&
                        !builder.is_constant(node.inputs[0]) && builder.is_constant(node.inputs[1]) &&
                        (!node.has_input(2) || builder.is_constant(node.inputs[2]));
  const TensorRef c = is_layer ? as_float(builder.constant(node, 2)) : nullptr;
  if (!is_layer || (c && c->elements() != 1 && c->shape().rank() > 1 && c->shape()[0] != 1)) {
    Expansion expand(builder, node);
    const auto operand = [&](size_t i, const char* transposes) {
      const std::string name = expand.required(i);
      return node.integer(transposes, 0) != 0 ? expand("Transpose", {name}) : name;
    };
    std::string y = expand("MatMul", {operand(0, "transA"), operand(1, "transB")});
    if (alpha != 1) y = expand("Mul", {y, expand.number(alpha)});
    if (node.has_input(2)) {
      const std::string term = expand.input(2);
      y = expand("Add", {y, beta == 1 ? term : expand("Mul", {term, expand.number(beta)})});
    }
    return expand.finish(y);
  }
  const ValueId x = builder.value(node, 0);
  const TensorRef b = as_float(builder.constant(node, 1));
  if (b->shape().rank() != 2) shapes_differ(node, builder.shape(x), b->shape());
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

namespace {

/// Names of the axes before a matrix, counted from it: they broadcast.
std::string names_of_stack(int64_t count) {
  std::string names;
  for (int64_t i = count; i-- > 0;) names += static_cast<char>('A' + i);
  return names;
}

/// x and a constant, which is the node's input `constant_at`, as numpy.matmul has it, whatever ranks they
/// have.
ValueId multiply_stacks(Builder& builder, const ModelNode& node, ValueId x, const Tensor& constant,
                        size_t constant_at) {
  constexpr int64_t kMostAxes = 20;
  Shape shape = builder.shape(x), of_constant = constant.shape();
  if (shape.rank() == 0 || of_constant.rank() == 0 || shape.rank() > kMostAxes ||
      of_constant.rank() > kMostAxes)
    shapes_differ(node, shape, of_constant);
  const auto stack_rank = [](const Shape& s) { return std::max<int64_t>(0, s.rank() - 2); };
  std::string result = names_of_stack(std::max(stack_rank(shape), stack_rank(of_constant)));
  const auto name_axes = [&](const Shape& s, bool is_first) {
    if (s.rank() == 1) return std::string("k");
    result += is_first ? "m" : "n";
    return names_of_stack(stack_rank(s)) + (is_first ? "mk" : "kn");
  };
  const std::string first = name_axes(constant_at == 0 ? of_constant : shape, true),
                    second = name_axes(constant_at == 0 ? shape : of_constant, false);
  std::string x_names = constant_at == 0 ? second : first, constant_names = constant_at == 0 ? first : second;
  // An axis of 1 that the other operand repeats is the other's alone.
  const auto drop_repeated = [](std::string& names, Shape& s, const std::string& other, const Shape& by) {
    std::vector<int64_t> dims;
    std::string kept;
    for (size_t i = 0; i < names.size(); ++i) {
      const size_t at = other.find(names[i]);
      const bool repeats = names[i] < 'a' && s[static_cast<int64_t>(i)] == 1 && at != std::string::npos &&
                           by[static_cast<int64_t>(at)] != 1;
      if (repeats) continue;
      dims.push_back(s[static_cast<int64_t>(i)]);
      kept += names[i];
    }
    names = std::move(kept);
    s = Shape(std::move(dims));
  };
  const Shape x_shape = shape;
  const std::string all_x_names = x_names;
  drop_repeated(x_names, shape, constant_names, of_constant);
  drop_repeated(constant_names, of_constant, all_x_names, x_shape);
  return emit_contraction(builder, node, builder.reshape(node, x, shape), x_names,
                          constant.clone().reshaped(of_constant), constant_names, result);
}

}  // namespace

void lower_matmul(Builder& builder, const ModelNode& node) {
  if (node.inputs.size() != 2)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: two inputs are needed", node.label()));
  const bool first = builder.is_constant(node.inputs[0]), second = builder.is_constant(node.inputs[1]);
  if (!first && !second) return lower_product(builder, node);
  const TensorRef constant = as_float(builder.constant(node, first ? 0 : 1));
  const ValueId x = builder.value(node, first ? 1 : 0);
  if (constant->shape().rank() != 2 || builder.shape(x).rank() < 2)
    return builder.define(node.outputs.at(0), multiply_stacks(builder, node, x, *constant, first ? 0 : 1));
  if (!first) {
    builder.define(node.outputs.at(0), emit_dense(builder, node, x, transposed(*constant, 1), nullptr));
    return;
  }
  // A x is (xᵀ Aᵀ)ᵀ.
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
