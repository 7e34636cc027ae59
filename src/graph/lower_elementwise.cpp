// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/gates.h"
#include "graph/lower_parts.h"
#include "relevid/error.h"
#include "tensor/strides.h"

namespace relevid::graph {
namespace {

/// One number, of so many axes.
TensorRef number(int64_t rank, float value) {
  return share(
      Tensor::from(Shape(std::vector<int64_t>(static_cast<size_t>(rank), 1)), std::vector<float>{value}));
}

/// The file's operation of a computed value and a constant, as scale and shift.
Affine to_affine(const ModelNode& node, Tensor constant, size_t constant_at) {
  const std::string& op = node.op;
  const int64_t rank = constant.shape().rank();
  if (op == "Add" || op == "Sub" || op == "Sum") {
    if (op == "Sub" && constant_at == 1) {
      for (float& value : constant.values<float>()) value = -value;
    }
    return {number(rank, op == "Sub" && constant_at == 0 ? -1.0F : 1.0F), share(std::move(constant))};
  }
  if (op == "Div" && constant_at == 1) {
    for (float& value : constant.values<float>()) value = 1 / value;
  }
  return {share(std::move(constant)), number(rank, 0)};
}

ValueId reciprocal(Builder& builder, const ModelNode& node, ValueId x) {
  return builder.emit(node, Activation{Activation::Kind::kPower, -1, 0}, {x}, builder.shape(x));
}

/// Scores of minus infinity, which masks put before a softmax, as numbers that come to nothing there too.
void make_masks_finite(Tensor& tensor) {
  constexpr float kMasked = -1e30F;
  for (float& value : tensor.values<float>()) {
    if (value == -std::numeric_limits<float>::infinity()) value = kMasked;
  }
}

/// The file's operation of x and the constant at input `constant_at`.
ValueId with_constant(Builder& builder, const ModelNode& node, ValueId x, size_t constant_at) {
  const TensorRef given = builder.constant(node, constant_at);
  if (node.op == "Div" && constant_at == 0) x = reciprocal(builder, node, x);
  const Shape to = broadcast(builder.shape(x), given->shape());
  x = emit_expand(builder, node, x, to);
  Tensor constant = given->cast(DType::kF32).reshaped(with_rank(given->shape(), to.rank()));
  if (node.op == "Add") make_masks_finite(constant);
  Affine affine = to_affine(node, std::move(constant), constant_at);
  require_finite(node, *affine.scale, "constant");
  require_finite(node, *affine.shift, "constant");
  return builder.emit(node, std::move(affine), {x}, to);
}

/// The values of a constant broadcast to `to`.
std::vector<double> spread(const Tensor& tensor, const Shape& to) {
  const auto values = tensor.as_doubles();
  std::vector<double> result(static_cast<size_t>(to.elements()));
  for_each_offset(to, broadcast_strides(tensor.shape(), to), [&](int64_t i, int64_t j) {
    result[static_cast<size_t>(i)] = values[static_cast<size_t>(j)];
  });
  return result;
}

ValueId combine(Builder& builder, const ModelNode& node, ValueId a, ValueId b) {
  const Shape to = broadcast(builder.shape(a), builder.shape(b));
  a = builder.reshape(node, a, with_rank(builder.shape(a), to.rank()));
  b = builder.reshape(node, b, with_rank(builder.shape(b), to.rank()));
  if (node.op == "Mul") return builder.emit(node, Multiply{find_gate(builder.graph(), a, b)}, {a, b}, to);
  if (node.op == "Div") return builder.emit(node, Multiply{1}, {a, reciprocal(builder, node, b)}, to);
  return builder.emit(node, Add{node.op == "Sub" ? -1.0 : 1.0}, {a, b}, to);
}

/// What Where makes of its computed input `at`: scaled by 1 or 0, and where it is 0 the other, if that is
/// constant.
Affine masked(Builder& builder, const ModelNode& node, size_t at, int64_t rank) {
  const TensorRef condition = builder.constant(node, 0);
  const bool other_is_constant = builder.is_constant(node.inputs[3 - at]);
  const TensorRef other =
      other_is_constant ? builder.constant(node, 3 - at) : share(Tensor(Shape{}, DType::kF32));
  const Shape shape = with_rank(broadcast(condition->shape(), other->shape()), rank);
  const auto conditions = spread(*condition, shape), others = spread(*other, shape);
  Tensor scale(shape, DType::kF32), shift(shape, DType::kF32);
  for (size_t i = 0; i < conditions.size(); ++i) {
    const bool taken = (conditions[i] != 0) == (at == 1);
    scale.values<float>()[i] = taken ? 1 : 0;
    if (!taken) shift.values<float>()[i] = static_cast<float>(others[i]);
  }
  make_masks_finite(shift);
  require_finite(node, shift, "constant");
  return {share(std::move(scale)), share(std::move(shift))};
}

/// Whether the condition takes input `at` alone.
bool takes_only(const Tensor& condition, size_t at) {
  return std::ranges::all_of(condition.as_doubles(), [=](double c) { return (c != 0) == (at == 1); });
}

}  // namespace

std::optional<Activation> activation_of(const ModelNode& node) {
  using Kind = Activation::Kind;
  if (node.op == "Relu") return Activation{Kind::kRelu};
  if (node.op == "LeakyRelu") return Activation{Kind::kLeakyRelu, node.number("alpha", 0.01), 0};
  if (node.op == "Sigmoid") return Activation{Kind::kSigmoid};
  if (node.op == "HardSigmoid")
    return Activation{Kind::kHardSigmoid, node.number("alpha", 0.2), node.number("beta", 0.5)};
  if (node.op == "HardSwish") return Activation{Kind::kHardSwish};
  if (node.op == "Tanh") return Activation{Kind::kTanh};
  if (node.op == "Elu") return Activation{Kind::kElu, node.number("alpha", 1), 0};
  if (node.op == "Gelu")
    return Activation{node.text("approximate", "none") == "tanh" ? Kind::kGeluTanh : Kind::kGelu};
  if (node.op == "Erf") return Activation{Kind::kErf};
  if (node.op == "Exp") return Activation{Kind::kExp};
  if (node.op == "Sqrt") return Activation{Kind::kPower, 0.5, 0};
  if (node.op == "Reciprocal") return Activation{Kind::kPower, -1, 0};
  return std::nullopt;
}

void lower_activation(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  builder.define(node.outputs.at(0), builder.emit(node, *activation_of(node), {x}, builder.shape(x)));
}

void lower_power(Builder& builder, const ModelNode& node) {
  const TensorRef exponent = builder.constant(node, 1);
  if (!exponent || exponent->elements() != 1) reject("an exponent that is not a single number");
  const ValueId x = builder.value(node, 0);
  const Activation op{Activation::Kind::kPower, exponent->as_doubles()[0], 0};
  builder.define(node.outputs.at(0), op.alpha == 1 ? x : builder.emit(node, op, {x}, builder.shape(x)));
}

void lower_negative(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const int64_t rank = builder.shape(x).rank();
  builder.define(node.outputs.at(0),
                 builder.emit(node, Affine{number(rank, -1), number(rank, 0)}, {x}, builder.shape(x)));
}

void lower_prelu(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef given = builder.constant(node, 1);
  const Shape& from = builder.shape(x);
  if (!given || broadcast(from, given->shape()) != from)
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: its slope does not fit {}", node.label(), from.to_string()));
  TensorRef slope = share(given->cast(DType::kF32).reshaped(with_rank(given->shape(), from.rank())));
  require_finite(node, *slope, "slope");
  builder.define(node.outputs.at(0), builder.emit(node, PRelu{std::move(slope)}, {x}, from));
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

/// Whether elements are NaN or infinite; of computed values none are.
void lower_guard(Builder& builder, const ModelNode& node) {
  builder.define(node.outputs.at(0), Guard{builder.value(node, 0)});
}

/// Max or Min of a computed value and single numbers.
void lower_extremum(Builder& builder, const ModelNode& node) {
  constexpr double kOpen = std::numeric_limits<float>::max();
  Activation clip{Activation::Kind::kClip, -kOpen, kOpen};
  ValueId x = -1;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (!builder.is_constant(node.inputs[i])) {
      if (x >= 0) reject("several computed operands");
      x = builder.value(node, i);
      continue;
    }
    const TensorRef bound = builder.constant(node, i);
    if (bound->elements() != 1) reject("a constant that is not a single number");
    const double number = bound->as_doubles()[0];
    if (node.op == "Max")
      clip.alpha = std::max(clip.alpha, number);
    else
      clip.beta = std::min(clip.beta, number);
  }
  if (clip.alpha == 0 && clip.beta == kOpen) clip = {Activation::Kind::kRelu, 0, 0};
  builder.define(node.outputs.at(0), builder.emit(node, clip, {x}, builder.shape(x)));
}

/// x where a constant condition holds, else y: each times its mask, which is 0 where the other is taken.
void lower_where(Builder& builder, const ModelNode& node) {
  if (node.inputs.size() != 3)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: three inputs are needed", node.label()));
  if (const auto* guard = builder.find_as<Guard>(node.inputs[0]); guard && guard->of >= 0) {
    if (builder.find(node.inputs[2]) != guard->of) reject("a guard against NaN of another value");
    return builder.define(node.outputs.at(0), guard->of);
  }
  if (!builder.is_constant(node.inputs[0])) reject("a computed condition; constant ones are taken");
  const Shape to =
      broadcast(broadcast(builder.shape(node, 0), builder.shape(node, 1)), builder.shape(node, 2));
  ValueId sum = -1;
  for (const size_t i : {size_t{1}, size_t{2}}) {
    if (builder.is_constant(node.inputs[i])) continue;
    const ValueId x = emit_expand(builder, node, builder.value(node, i), to);
    if (takes_only(*builder.constant(node, 0), i)) return builder.define(node.outputs.at(0), x);
    const ValueId part = builder.emit(node, masked(builder, node, i, to.rank()), {x}, to);
    sum = sum < 0 ? part : builder.emit(node, Add{}, {sum, part}, to);
  }
  builder.define(node.outputs.at(0), sum);
}

}  // namespace relevid::graph
