// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/lower_parts.h"
#include "graph/strided.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

ValueId emit_slice(Builder& builder, const ModelNode& node, ValueId x, const SliceRange& range) {
  const Shape& from = builder.shape(x);
  const bool whole =
      Shape(range.count) == from && std::ranges::all_of(range.step, [](int64_t s) { return s == 1; });
  if (whole) return x;
  return builder.emit(node, Slice{range.begin, range.step}, {x}, Shape(range.count));
}

/// A part of a Concat: computed, or constant.
struct Part {
  ValueId value = -1;
  TensorRef constant;
  int64_t size = 0;  ///< along the axis
};

/// All of one shape but for the axis; `to` becomes the shape of the whole.
std::vector<Part> parts_of(Builder& builder, const ModelNode& node, Shape& to, int64_t axis) {
  std::vector<Part> parts;
  int64_t total = 0;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Shape shape = builder.shape(node, i);
    for (int64_t d = 0; d < to.rank(); ++d) {
      if (shape.rank() != to.rank() || (d != axis && shape[d] != to[d])) {
        throw Error(ErrorKind::kCorruptInput,
                    fmt::format("{}: {} does not fit {}", node.label(), shape.to_string(), to.to_string()));
      }
    }
    const bool constant = builder.is_constant(node.inputs[i]);
    parts.push_back({constant ? -1 : builder.value(node, i),
                     constant ? as_float(builder.constant(node, i)) : nullptr, shape[axis]});
    total += shape[axis];
  }
  to[axis] = total;
  return parts;
}

/// The computed parts in their order, with zeros where constants belong: borders of what is beside them.
ValueId join_computed(Builder& builder, const ModelNode& node, const std::vector<Part>& parts, int64_t axis,
                      const Shape& to) {
  std::vector<ValueId> joined;
  int64_t pending = 0;
  const auto pad = [&](ValueId x, int64_t begin, int64_t end) {
    Pad op{std::vector<int64_t>(static_cast<size_t>(to.rank()), 0),
           std::vector<int64_t>(static_cast<size_t>(to.rank()), 0), 0};
    op.begin[static_cast<size_t>(axis)] = begin;
    op.end[static_cast<size_t>(axis)] = end;
    Shape shape = builder.shape(x);
    shape[axis] += begin + end;
    return builder.emit(node, std::move(op), {x}, std::move(shape));
  };
  for (const Part& part : parts) {
    if (part.value >= 0) {
      joined.push_back(pending > 0 ? pad(part.value, pending, 0) : part.value);
      pending = 0;
    } else if (part.size > 0 && joined.empty()) {
      pending += part.size;
    } else if (part.size > 0) {
      joined.back() = pad(joined.back(), 0, part.size);
    }
  }
  return joined.size() == 1 ? joined[0] : builder.emit(node, Concat{axis}, joined, to);
}

/// Whether a constant is the same for every entry of axis 0.
bool repeats_along_first_axis(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  const auto entry = values.size() / static_cast<size_t>(std::max<int64_t>(1, tensor.shape()[0]));
  return std::equal(values.begin() + static_cast<std::ptrdiff_t>(entry), values.end(), values.begin());
}

/// What is added to zeros to make the constant parts of them; null where those are zeros.
TensorRef constant_parts(const ModelNode& node, const std::vector<Part>& parts, int64_t axis, Shape to) {
  bool repeats = axis != 0, zeros = true;
  for (const Part& part : parts) {
    if (!part.constant || part.size == 0) continue;
    require_finite(node, *part.constant, "constant");
    repeats = repeats && repeats_along_first_axis(*part.constant);
    zeros = zeros && std::ranges::all_of(part.constant->values<float>(), [](float v) { return v == 0; });
  }
  if (zeros) return nullptr;
  if (repeats) to[0] = 1;
  Tensor result(to, DType::kF32);
  int64_t offset = 0;
  for (const Part& part : parts) {
    if (part.constant) {
      Shape block = part.constant->shape();
      if (repeats) block[0] = 1;
      copy_strided(*part.constant, 0, part.constant->shape().strides(), result,
                   offset * to.strides()[static_cast<size_t>(axis)], to.strides(), block);
    }
    offset += part.size;
  }
  return share(std::move(result));
}

}  // namespace

void lower_identity(Builder& builder, const ModelNode& node) {
  builder.define(node.outputs.at(0), builder.value(node, 0));
}

/// Its ratio is an attribute up to opset 11, an input (0.5 where absent) from then on.
void lower_dropout(Builder& builder, const ModelNode& node) {
  const TensorRef input = node.has_input(1) ? builder.constant(node, 1) : nullptr;
  const double ratio = input ? input->as_doubles().at(0) : node.number("ratio", 0.5);
  if (builder.mode() == Mode::kInference || ratio == 0) return lower_identity(builder, node);
  if (!(ratio > 0 && ratio < 1))
    reject(fmt::format("its ratio is {}; training takes 0 up to, but not, 1", ratio));
  const ValueId x = builder.value(node, 0);
  builder.define(node.outputs.at(0), builder.emit(node, Dropout{ratio}, {x}, builder.shape(x)));
}

void lower_cast(Builder& builder, const ModelNode& node) {
  const int64_t to = node.integer("to", 0);
  if (to != 1 && to != 10 && to != 11 && to != 16) reject("a cast of computed values to integers");
  builder.define(node.outputs.at(0), builder.value(node, 0));
}

/// To the type of another tensor; computed ones are floating point.
void lower_cast_like(Builder& builder, const ModelNode& node) {
  const bool x_is_constant = node.has_input(0) && builder.is_constant(node.inputs[0]),
             like_is_constant = node.has_input(1) && builder.is_constant(node.inputs[1]);
  if (x_is_constant)
    return builder.define(node.outputs.at(0), share(builder.constant(node, 0)->cast(DType::kF32)));
  if (like_is_constant && !is_float(builder.constant(node, 1)->dtype()))
    reject("a cast of computed values to integers");
  builder.define(node.outputs.at(0), builder.value(node, 0));
}

/// Constant parts (zeros of TSM's shift, a class token) are borders of zeros, and what is added to those.
void lower_concat(Builder& builder, const ModelNode& node) {
  size_t computed = 0;
  while (computed < node.inputs.size() && builder.is_constant(node.inputs[computed])) ++computed;
  Shape to = builder.shape(builder.value(node, computed));
  const int64_t axis = resolve_axis(node, node.integer("axis", 1), to.rank());
  const std::vector<Part> parts = parts_of(builder, node, to, axis);
  ValueId y = join_computed(builder, node, parts, axis, to);
  if (TensorRef constants = constant_parts(node, parts, axis, to)) {
    const Shape one(std::vector<int64_t>(static_cast<size_t>(to.rank()), 1));
    y = builder.emit(node, Affine{share(Tensor::from(one, std::vector<float>{1})), std::move(constants)}, {y},
                     to);
  }
  builder.define(node.outputs.at(0), y);
}

void lower_split(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const auto parts = resolve_split(node, builder.shape(x), builder.constant(node, 1));
  for (size_t i = 0; i < parts.size(); ++i)
    builder.define(node.outputs[i], emit_slice(builder, node, x, parts[i]));
}

void lower_slice(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  std::vector<TensorRef> inputs = {nullptr};
  for (size_t i = 1; i < node.inputs.size(); ++i) inputs.push_back(builder.constant(node, i));
  const SliceArguments a = slice_arguments(node, inputs);
  const SliceRange range = resolve_slice(node, builder.shape(x), a.starts, a.ends, a.axes, a.steps);
  builder.define(node.outputs.at(0), emit_slice(builder, node, x, range));
}

void lower_pad(Builder& builder, const ModelNode& node) {
  if (node.text("mode", "constant") != "constant")
    reject(fmt::format("mode '{}'; constant is taken", node.text("mode", "")));
  const ValueId x = builder.value(node, 0);
  Padding pads = resolve_padding(node, builder.shape(x), builder.constant(node, 1), builder.constant(node, 2),
                                 builder.constant(node, 3));
  const ValueId cropped = emit_slice(builder, node, x, pads.crop);
  const bool has_border = pads.padded != builder.shape(cropped);
  Pad op{std::move(pads.begin), std::move(pads.end), pads.value};
  builder.define(node.outputs.at(0),
                 has_border ? builder.emit(node, std::move(op), {cropped}, std::move(pads.padded)) : cropped);
}

void lower_reshape(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const Shape& from = builder.shape(x);
  const TensorRef second = builder.constant(node, 1);
  Shape to;
  if (node.op == "Flatten") {
    to = flattened(node, from);
  } else if (node.op == "Squeeze") {
    to = squeezed(node, from, axes_of(node, second));
  } else if (node.op == "Unsqueeze") {
    to = unsqueezed(node, from, axes_of(node, second));
  } else {
    to = resolve_reshape(node, from, second ? second->as_ints() : node.integers("shape"));
  }
  builder.define(node.outputs.at(0), builder.reshape(node, x, std::move(to)));
}

void lower_transpose(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const Shape& from = builder.shape(x);
  std::vector<int64_t> permutation(static_cast<size_t>(from.rank()));
  std::iota(permutation.rbegin(), permutation.rend(), int64_t{0});
  permutation = node.integers("perm", permutation);
  std::vector<int64_t> sorted = permutation;
  std::ranges::sort(sorted);
  for (int64_t i = 0; i < from.rank(); ++i) {
    if (static_cast<int64_t>(sorted.size()) != from.rank() || sorted[static_cast<size_t>(i)] != i) {
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: not a permutation of {} axes", node.label(), from.rank()));
    }
  }
  builder.define(node.outputs.at(0), builder.transpose(node, x, std::move(permutation)));
}

}  // namespace relevid::graph
