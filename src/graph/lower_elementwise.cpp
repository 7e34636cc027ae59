// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// The shape with leading ones up to `rank`.
Shape with_rank(const Shape& shape, int64_t rank) {
  std::vector<int64_t> dims(static_cast<size_t>(rank - shape.rank()), 1);
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return Shape(std::move(dims));
}

TensorRef filled_like(const Tensor& tensor, float value) {
  return share(
      Tensor::from(tensor.shape(), std::vector<float>(static_cast<size_t>(tensor.elements()), value)));
}

/// The file's operation of a computed value and a constant, as scale and shift.
Affine to_affine(const ModelNode& node, Tensor constant, size_t constant_at) {
  const std::string& op = node.op;
  if (op == "Div" && constant_at == 0) reject("a constant divided by a computed value");
  if (op == "Add" || op == "Sub" || op == "Sum") {
    const bool subtracts_constant = op == "Sub" && constant_at == 1;
    TensorRef scale = filled_like(constant, op == "Sub" && constant_at == 0 ? -1.0F : 1.0F);
    if (subtracts_constant) {
      for (float& value : constant.values<float>()) value = -value;
    }
    return {std::move(scale), share(std::move(constant))};
  }
  if (op == "Div") {
    for (float& value : constant.values<float>()) value = 1 / value;
  }
  TensorRef shift = filled_like(constant, 0);
  return {share(std::move(constant)), std::move(shift)};
}

/// The file's operation of x and the constant at input `constant_at`.
ValueId with_constant(Builder& builder, const ModelNode& node, ValueId x, size_t constant_at) {
  const TensorRef given = builder.constant(node, constant_at);
  const Shape from = builder.shape(x);
  const Shape to = broadcast(from, given->shape());
  if (to != from)
    reject(
        fmt::format("a constant of shape {} that enlarges {}", given->shape().to_string(), from.to_string()));
  Affine affine =
      to_affine(node, given->cast(DType::kF32).reshaped(with_rank(given->shape(), from.rank())), constant_at);
  require_finite(node, *affine.scale, "constant");
  require_finite(node, *affine.shift, "constant");
  return builder.emit(node, std::move(affine), {x}, from);
}

bool is_elementwise(const Operator& op) {
  return std::holds_alternative<Activation>(op) || std::holds_alternative<Affine>(op);
}

/// Whether `factor` is a function of `other` alone, element by element: x f(x), as in swish.
bool gates_itself(const Graph& graph, const std::vector<int>& writers, ValueId factor, ValueId other) {
  while (factor != other) {
    const int writer = writers[static_cast<size_t>(factor)];
    if (writer < 0 || !is_elementwise(graph.nodes[static_cast<size_t>(writer)].op)) return false;
    factor = graph.nodes[static_cast<size_t>(writer)].inputs[0];
  }
  return true;
}

/// The node that writes a value, null for an input of the network.
const Node* writer_of(const Graph& graph, const std::vector<int>& writers, ValueId value) {
  const int writer = writers[static_cast<size_t>(value)];
  return writer < 0 ? nullptr : &graph.nodes[static_cast<size_t>(writer)];
}

/// Whether a node scales and shifts everything alike, as a decomposed HardSigmoid does; a batch norm does
/// not.
bool is_line(const Node* node) {
  const auto* affine = node ? std::get_if<Affine>(&node->op) : nullptr;
  return affine && affine->scale->elements() == 1 && affine->shift->elements() == 1;
}

bool has_finite_bounds(const Activation& clip) {
  constexpr auto kOpen = static_cast<double>(std::numeric_limits<float>::max());
  return clip.alpha > -kOpen && clip.beta < kOpen;
}

/// Whether a value comes out of a sigmoid, however reshaped or scaled since. A HardSigmoid that the exporter
/// took apart is a Clip with a line before or behind it: Clip(x + 3, 0, 6) / 6, Clip(x / 6 + 0.5, 0, 1).
bool is_squashed(const Graph& graph, const std::vector<int>& writers, ValueId value) {
  bool scaled_since = false;
  while (const Node* node = writer_of(graph, writers, value)) {
    if (const auto* activation = std::get_if<Activation>(&node->op)) {
      using Kind = Activation::Kind;
      if (activation->kind == Kind::kClip && has_finite_bounds(*activation))
        return scaled_since || is_line(writer_of(graph, writers, node->inputs[0]));
      return activation->kind == Kind::kSigmoid || activation->kind == Kind::kHardSigmoid;
    }
    if (!std::holds_alternative<Reshape>(node->op) && !std::holds_alternative<Affine>(node->op)) return false;
    scaled_since = scaled_since || is_line(node);
    value = node->inputs[0];
  }
  return false;
}

/// Which of the two factors only scales the other; -1 where neither or both might. Note [Gates] in
/// explain/composite.h.
int find_gate(const Graph& graph, ValueId a, ValueId b) {
  const auto writers = graph.writers();
  if (a == b) return -1;
  if (gates_itself(graph, writers, a, b)) return 0;
  if (gates_itself(graph, writers, b, a)) return 1;
  const bool squashed_a = is_squashed(graph, writers, a), squashed_b = is_squashed(graph, writers, b);
  if (squashed_a != squashed_b) return squashed_a ? 0 : 1;
  const int64_t size_a = graph.shape(a).elements(), size_b = graph.shape(b).elements();
  if (size_a != size_b) return size_a < size_b ? 0 : 1;
  return -1;
}

ValueId combine(Builder& builder, const ModelNode& node, ValueId a, ValueId b) {
  const Shape to = broadcast(builder.shape(a), builder.shape(b));
  a = builder.reshape(node, a, with_rank(builder.shape(a), to.rank()));
  b = builder.reshape(node, b, with_rank(builder.shape(b), to.rank()));
  if (node.op == "Mul") return builder.emit(node, Multiply{find_gate(builder.graph(), a, b)}, {a, b}, to);
  return builder.emit(node, Add{node.op == "Sub" ? -1.0 : 1.0}, {a, b}, to);
}

}  // namespace

void lower_activation(Builder& builder, const ModelNode& node) {
  using Kind = Activation::Kind;
  const ValueId x = builder.value(node, 0);
  Activation op;
  if (node.op == "LeakyRelu") op = {Kind::kLeakyRelu, node.number("alpha", 0.01), 0};
  if (node.op == "Sigmoid") op = {Kind::kSigmoid, 0, 0};
  if (node.op == "HardSigmoid")
    op = {Kind::kHardSigmoid, node.number("alpha", 0.2), node.number("beta", 0.5)};
  if (node.op == "HardSwish") op = {Kind::kHardSwish, 0, 0};
  if (node.op == "Tanh") op = {Kind::kTanh, 0, 0};
  if (node.op == "Elu") op = {Kind::kElu, node.number("alpha", 1), 0};
  builder.define(node.outputs.at(0), builder.emit(node, op, {x}, builder.shape(x)));
}

void lower_clip(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const auto bound = [&](size_t input, const char* key, double otherwise) {
    const TensorRef tensor = builder.constant(node, input);
    if (tensor && tensor->elements() != 1) reject("bounds that are not single numbers");
    return tensor ? tensor->as_doubles()[0] : node.number(key, otherwise);
  };
  const double low = bound(1, "min", -std::numeric_limits<float>::max());
  const double high = bound(2, "max", std::numeric_limits<float>::max());
  Activation op{Activation::Kind::kClip, low, high};
  if (low == 0 && high >= std::numeric_limits<float>::max()) op = {Activation::Kind::kRelu, 0, 0};
  builder.define(node.outputs.at(0), builder.emit(node, op, {x}, builder.shape(x)));
}

void lower_arithmetic(Builder& builder, const ModelNode& node) {
  if (node.inputs.size() != 2)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: two inputs are needed", node.label()));
  for (const size_t at : {size_t{0}, size_t{1}}) {
    if (!builder.is_constant(node.inputs[at])) continue;
    builder.define(node.outputs.at(0), with_constant(builder, node, builder.value(node, 1 - at), at));
    return;
  }
  const ValueId a = builder.value(node, 0), b = builder.value(node, 1);
  if (node.op == "Div") reject("a quotient of two computed values");
  if (node.op == "Sub" && a == b) {  // TSM's way of writing zeros
    builder.define(node.outputs.at(0), share(Tensor(builder.shape(a), DType::kF32)));
    return;
  }
  builder.define(node.outputs.at(0), combine(builder, node, a, b));
}

void lower_sum(Builder& builder, const ModelNode& node) {
  ValueId sum = -1;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (builder.is_constant(node.inputs[i])) continue;
    const ValueId x = builder.value(node, i);
    sum = sum < 0 ? x : combine(builder, node, sum, x);
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (builder.is_constant(node.inputs[i])) sum = with_constant(builder, node, sum, i);
  }
  builder.define(node.outputs.at(0), sum);
}

void lower_softmax(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const int64_t rank = builder.shape(x).rank();
  const int64_t axis = resolve_axis(node, node.integer("axis", builder.model().opset < 13 ? 1 : -1), rank);
  builder.define(node.outputs.at(0), builder.emit(node, Softmax{axis}, {x}, builder.shape(x)));
}

}  // namespace relevid::graph
