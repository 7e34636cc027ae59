// SPDX-License-Identifier: Apache-2.0
// Sequences of tensors, whose lengths and positions follow from shapes.
#include <fmt/format.h>

#include <algorithm>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/expansion.h"

namespace relevid::graph {
namespace {

using Item = Sequence::value_type;

Item item_at(const Builder& builder, const ModelNode& node, size_t index) {
  if (builder.is_constant(node.inputs.at(index))) return builder.constant(node, index);
  return builder.value(node, index);
}

Binding binding_of(const Item& item) {
  return std::visit([](const auto& thing) { return Binding(thing); }, item);
}

/// A position that may count from the end; `last` is the largest that there is.
int64_t position(const Builder& builder, const ModelNode& node, size_t index, int64_t size, int64_t last) {
  const TensorRef given = builder.constant(node, index);
  if (last < 0) throw_corrupt(node, "an empty sequence has no positions");
  if (!given) return last;
  if (given->elements() != 1) throw_corrupt(node, "a position that is not one number");
  const int64_t number = given->as_ints()[0], resolved = number < 0 ? number + size : number;
  if (resolved < 0 || resolved > last)
    throw_corrupt(node, fmt::format("position {} in a sequence of {}", number, size));
  return resolved;
}

/// Sizes of the parts of a SplitToSequence along an axis of `size`.
std::vector<int64_t> part_sizes(const ModelNode& node, const TensorRef& split, int64_t size) {
  std::vector<int64_t> sizes;
  if (split && split->shape().rank() > 0) {
    sizes = split->as_ints();
  } else {
    const int64_t each = split ? split->as_ints().at(0) : 1;
    if (each < 1) throw_corrupt(node, fmt::format("parts of {}", each));
    for (int64_t begin = 0; begin < size; begin += std::min(each, size - begin))
      sizes.push_back(std::min(each, size - begin));
  }
  int64_t rest = size;
  for (const int64_t part : sizes) {
    if (part < 0 || part > rest) throw_corrupt(node, fmt::format("the parts do not add up to {}", size));
    rest -= part;
  }
  if (rest != 0) throw_corrupt(node, fmt::format("the parts do not add up to {}", size));
  return sizes;
}

}  // namespace

void lower_sequence_construct(Builder& builder, const ModelNode& node) {
  Sequence sequence;
  for (size_t i = 0; i < node.inputs.size(); ++i) sequence.push_back(item_at(builder, node, i));
  builder.define(node.outputs.at(0), std::move(sequence));
}

void lower_sequence_insert(Builder& builder, const ModelNode& node) {
  Sequence sequence = builder.sequence(node, 0);
  const int64_t size = std::ssize(sequence), at = position(builder, node, 2, size, size);
  if (!node.has_input(1)) throw_corrupt(node, "nothing is given to insert");
  sequence.insert(sequence.begin() + at, item_at(builder, node, 1));
  builder.define(node.outputs.at(0), std::move(sequence));
}

void lower_sequence_erase(Builder& builder, const ModelNode& node) {
  Sequence sequence = builder.sequence(node, 0);
  const int64_t size = std::ssize(sequence);
  sequence.erase(sequence.begin() + position(builder, node, 1, size, size - 1));
  builder.define(node.outputs.at(0), std::move(sequence));
}

void lower_sequence_at(Builder& builder, const ModelNode& node) {
  const Sequence& sequence = builder.sequence(node, 0);
  const int64_t size = std::ssize(sequence);
  if (!node.has_input(1)) throw_corrupt(node, "no position is given");
  const int64_t at = position(builder, node, 1, size, size - 1);
  builder.define(node.outputs.at(0), binding_of(sequence[static_cast<size_t>(at)]));
}

void lower_sequence_length(Builder& builder, const ModelNode& node) {
  const int64_t size = std::ssize(builder.sequence(node, 0));
  builder.define(node.outputs.at(0), share(Tensor::from(Shape{}, std::vector<int64_t>{size})));
}

void lower_split_to_sequence(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  const std::string x = expand.required(0);
  const Shape shape = expand.shape(x);
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), shape.rank());
  const TensorRef split = builder.constant(node, 1);
  const bool drops_axis = !split && node.integer("keepdims", 1) == 0;
  Sequence sequence;
  int64_t begin = 0;
  for (const int64_t size : part_sizes(node, split, shape[axis])) {
    std::string part =
        expand("Slice", {x, expand.ints({begin}), expand.ints({begin + size}), expand.ints({axis})});
    if (drops_axis) part = expand("Squeeze", {part, expand.ints({axis})});
    begin += size;
    if (const auto* constant = builder.find_as<TensorRef>(part))
      sequence.emplace_back(*constant);
    else
      sequence.emplace_back(builder.find(part));
  }
  builder.define(node.outputs.at(0), std::move(sequence));
}

void lower_concat_from_sequence(Builder& builder, const ModelNode& node) {
  const Sequence sequence = builder.sequence(node, 0);
  if (sequence.empty()) throw_corrupt(node, "an empty sequence");
  Expansion expand(builder, node);
  const int64_t axis = node.integer("axis", 0);
  std::vector<std::string> parts;
  for (const Item& item : sequence) {
    parts.push_back(expand.bind("item", binding_of(item)));
    if (node.integer("new_axis", 0) != 0)
      parts.back() = expand("Unsqueeze", {parts.back(), expand.ints({axis})});
  }
  expand.finish(expand("Concat", parts, {{"axis", axis}}));
}

}  // namespace relevid::graph
