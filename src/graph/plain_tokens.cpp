// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "base/overloaded.h"
#include "graph/operator_traits.h"
#include "graph/simplify.h"

// Note [Tokens are no volumes]
// Kernel libraries hold what has four or five axes as volumes, channels in blocks, because convolutions want
// them so. Transformers have such values too, [N, tokens, heads, size] or [N, T, H, W, C], which nothing but
// movement, norms and layers over the last axis read. In blocks each of these would have to be taken apart
// and put together again, so they get axes of size 1 behind the first: of six axes or more everything is
// row-major. What a convolution or a pooling reads or writes, and what is combined with that element by
// element, stays a volume.

namespace relevid::graph {
namespace {

constexpr int64_t kPlainRank = 6;

bool may_be_volume(const Shape& shape) {
  return shape.rank() == 4 || shape.rank() == 5;
}

/// Operators that speak of axes 2 and up as space, or of axis 1 as channels.
bool wants_volumes(const Operator& op) {
  return std::visit(
      Overloaded{[](const OneOf<Convolution, TransposedConvolution, MaxPool, AveragePool, BatchNorm> auto&) {
                   return true;
                 },
                 [](const Standardise& norm) {
                   return norm.axes.empty() || norm.axes.front() <= 2;  // instance norms
                 },
                 [](const auto&) { return false; }},
      op);
}

/// Whether input and output are the same elements at the same places, or some of them.
bool keeps_layout(const Operator& op) {
  return traits(op).has(kElementwise) ||
         std::visit(
             Overloaded{
                 [](const OneOf<Standardise, Softmax, Concat, Slice, Pad, Dropout, Reduce, Resample> auto&) {
                   return true;
                 },
                 [](const auto&) { return false; }},
             op);
}

/// Sets of values that are stored alike.
class Groups {
 public:
  explicit Groups(const Graph& graph) : parent_(graph.values.size()), is_volume_(graph.values.size(), 0) {
    std::iota(parent_.begin(), parent_.end(), 0);
    for (const ValueId input : graph.inputs) is_volume_[at(input)] = 1;
    is_volume_[at(graph.output)] = 1;
    for (const Node& node : graph.nodes) {
      if (wants_volumes(node.op)) {
        for (const ValueId input : node.inputs) is_volume_[at(find(input))] = 1;
        is_volume_[at(find(node.output))] = 1;
      }
      if (!keeps_layout(node.op)) continue;
      for (const ValueId input : node.inputs) {
        if (graph.shape(input).rank() == graph.shape(node.output).rank()) join(input, node.output);
      }
    }
  }
  bool is_volume(ValueId value) { return is_volume_[at(find(value))] != 0; }

 private:
  ValueId find(ValueId value) {
    while (parent_[at(value)] != value) value = parent_[at(value)] = parent_[at(parent_[at(value)])];
    return value;
  }
  void join(ValueId a, ValueId b) {
    a = find(a);
    b = find(b);
    if (a == b) return;
    parent_[at(a)] = b;
    is_volume_[at(b)] = is_volume_[at(a)] || is_volume_[at(b)];
  }

  std::vector<ValueId> parent_;
  std::vector<char> is_volume_;
};

int64_t axes_added(const Shape& shape) {
  return kPlainRank - shape.rank();
}

Shape lifted(const Shape& shape) {
  std::vector<int64_t> dims = shape.dims();
  dims.insert(dims.begin() + 1, static_cast<size_t>(axes_added(shape)), 1);
  return Shape(std::move(dims));
}

/// Per-axis numbers of an operator, with those of the added axes.
std::vector<int64_t> lifted(std::vector<int64_t> by_axis, int64_t added, int64_t value) {
  by_axis.insert(by_axis.begin() + 1, static_cast<size_t>(added), value);
  return by_axis;
}

int64_t lifted_axis(int64_t axis, int64_t added) {
  return axis > 0 ? axis + added : axis;
}

TensorRef lifted(const TensorRef& constant) {
  if (!constant || !may_be_volume(constant->shape())) return constant;
  return share(constant->clone().reshaped(lifted(constant->shape())));
}

/// The operator for operands that have so many axes more.
void lift(Operator& op, int64_t added) {
  std::visit(Overloaded{[&](Standardise& norm) {
                          for (int64_t& axis : norm.axes) axis = lifted_axis(axis, added);
                          norm.scale = lifted(norm.scale);
                          norm.shift = lifted(norm.shift);
                        },
                        [&](Affine& affine) {
                          affine.scale = lifted(affine.scale);
                          affine.shift = lifted(affine.shift);
                        },
                        [&](PRelu& prelu) { prelu.slope = lifted(prelu.slope); },
                        [&](Softmax& softmax) { softmax.axis = lifted_axis(softmax.axis, added); },
                        [&](Reduce& reduce) {
                          for (int64_t& axis : reduce.axes) axis = lifted_axis(axis, added);
                        },
                        [&](Resample& resample) { resample.axis = lifted_axis(resample.axis, added); },
                        [&](Concat& concat) { concat.axis = lifted_axis(concat.axis, added); },
                        [&](Slice& slice) {
                          slice.begin = lifted(slice.begin, added, 0);
                          slice.step = lifted(slice.step, added, 1);
                        },
                        [&](Pad& pad) {
                          pad.begin = lifted(pad.begin, added, 0);
                          pad.end = lifted(pad.end, added, 0);
                        },
                        [](auto&) {}},  // what speaks of no axis, or of the last alone
             op);
}

/// Added axes stand behind the first one of the result too, because that is where the batch is; of input and
/// output each may or may not have them.
Transpose lifted_transpose(const Transpose& op, int64_t added) {
  Transpose result;
  for (const int64_t axis : op.permutation) result.permutation.push_back(lifted_axis(axis, added));
  std::vector<int64_t> between(static_cast<size_t>(added));
  std::iota(between.begin(), between.end(), int64_t{1});
  result.permutation.insert(result.permutation.begin() + 1, between.begin(), between.end());
  return result;
}

class Lifting {
 public:
  explicit Lifting(Graph& graph) : graph_(graph), groups_(graph), plain_(graph.values.size(), 0) {
    for (size_t i = 0; i < plain_.size(); ++i) {
      const auto value = static_cast<ValueId>(i);
      plain_[i] = may_be_volume(graph.shape(value)) && graph.shape(value)[0] > 0 && !groups_.is_volume(value);
    }
    shapes_.reserve(graph.values.size());
    for (const Value& value : graph.values) shapes_.push_back(value.shape);
  }

  void run() {
    for (Node& node : std::vector<Node>(std::move(graph_.nodes))) visit(node);
    graph_.nodes = std::move(nodes_);
    for (size_t i = 0; i < plain_.size(); ++i) {
      if (plain_[i]) graph_.values[i].shape = lifted(shapes_[i]);
    }
  }

 private:
  bool is_plain(ValueId value) const { return plain_[at(value)] != 0; }

  /// The value in the form that the node's output has, by a Reshape where it has the other.
  ValueId in_form_of(const Node& node, ValueId input) {
    if (is_plain(input) == is_plain(node.output)) return input;
    const Shape& shape = shapes_[at(input)];
    graph_.values.push_back({graph_.values[at(input)].name, is_plain(input) ? shape : lifted(shape)});
    const auto other = static_cast<ValueId>(graph_.values.size()) - 1;
    nodes_.push_back({Reshape{}, node.name, {input}, other});
    return other;
  }

  void visit(Node& node) {
    const bool any_plain =
        is_plain(node.output) || std::ranges::any_of(node.inputs, [&](ValueId v) { return is_plain(v); });
    if (!any_plain || std::holds_alternative<Reshape>(node.op)) {
      nodes_.push_back(std::move(node));
      return;
    }
    if (may_be_volume(shapes_[at(node.output)])) {
      for (ValueId& input : node.inputs) {
        if (may_be_volume(shapes_[at(input)])) input = in_form_of(node, input);
      }
    }
    if (is_plain(node.output)) {
      const int64_t added = axes_added(shapes_[at(node.output)]);
      if (auto* transpose = std::get_if<Transpose>(&node.op))
        *transpose = lifted_transpose(*transpose, added);
      else
        lift(node.op, added);
    }
    nodes_.push_back(std::move(node));
  }

  Graph& graph_;
  Groups groups_;
  std::vector<char> plain_;    ///< by value of the graph as it was
  std::vector<Shape> shapes_;  ///< as they were
  std::vector<Node> nodes_;
};

}  // namespace

Graph keep_tokens_plain(Graph graph) {
  Lifting(graph).run();
  return graph;
}

}  // namespace relevid::graph
