// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluate.h"
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

void lower_concat(Builder& builder, const ModelNode& node) {
  std::vector<ValueId> parts;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const std::string& name = node.inputs[i];
    // Constant zeros (TSM's shift) become a border of the neighbouring part, below.
    parts.push_back(builder.is_constant(name) ? -1 : builder.value(node, i));
  }
  const auto computed = std::ranges::find_if(parts, [](ValueId v) { return v >= 0; });
  Shape to = builder.shape(*computed);
  const int64_t axis = resolve_axis(node, node.integer("axis", 1), to.rank());
  std::vector<ValueId> joined;
  int64_t pending = 0, total = 0;
  const auto pad = [&](ValueId x, int64_t begin, int64_t end) {
    Pad op{std::vector<int64_t>(static_cast<size_t>(to.rank()), 0),
           std::vector<int64_t>(static_cast<size_t>(to.rank()), 0), 0};
    op.begin[static_cast<size_t>(axis)] = begin;
    op.end[static_cast<size_t>(axis)] = end;
    Shape shape = builder.shape(x);
    shape[axis] += begin + end;
    return builder.emit(node, std::move(op), {x}, std::move(shape));
  };
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] < 0) {
      const TensorRef constant = builder.constant(node, i);
      const auto values = constant->as_doubles();
      if (!std::ranges::all_of(values, [](double v) { return v == 0; }))
        reject("constants other than zeros are joined");
      if (constant->shape().rank() != to.rank()) reject("parts of different rank");
      Shape like = to;
      like[axis] = constant->shape()[axis];
      if (constant->shape() != like) reject("zeros of another shape than the other parts");
      if (joined.empty())
        pending += constant->shape()[axis];
      else
        joined.back() = pad(joined.back(), 0, constant->shape()[axis]);
      total += constant->shape()[axis];
      continue;
    }
    const Shape& shape = builder.shape(parts[i]);
    for (int64_t d = 0; d < to.rank(); ++d) {
      if (shape.rank() != to.rank() || (d != axis && shape[d] != to[d])) {
        throw Error(ErrorKind::kCorruptInput,
                    fmt::format("{}: {} does not fit {}", node.label(), shape.to_string(), to.to_string()));
      }
    }
    total += shape[axis];
    joined.push_back(pending > 0 ? pad(parts[i], pending, 0) : parts[i]);
    pending = 0;
  }
  to[axis] = total;
  builder.define(node.outputs.at(0),
                 joined.size() == 1 ? joined[0] : builder.emit(node, Concat{axis}, joined, std::move(to)));
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
  std::vector<int64_t> dims, sorted = permutation;
  std::ranges::sort(sorted);
  for (int64_t i = 0; i < from.rank(); ++i) {
    if (static_cast<int64_t>(sorted.size()) != from.rank() || sorted[static_cast<size_t>(i)] != i) {
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: not a permutation of {} axes", node.label(), from.rank()));
    }
    dims.push_back(from[permutation[static_cast<size_t>(i)]]);
  }
  builder.define(node.outputs.at(0), builder.emit(node, Transpose{permutation}, {x}, Shape(std::move(dims))));
}

}  // namespace relevid::graph
