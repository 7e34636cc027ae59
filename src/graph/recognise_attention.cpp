// SPDX-License-Identifier: Apache-2.0
// Attention, which a file holds as a product, a softmax and another product, with factors, masks and relative
// positions between them.
#include <algorithm>
#include <optional>

#include "graph/expression.h"
#include "graph/simplify.h"
#include "graph/strided.h"

namespace relevid::graph {
namespace {

/// A constant that is added to scores of `shape` [.., m, n], as a bias of the stacks that their leading axes
/// make.
Attention::Bias stacked_bias(const Tensor& shift, const Shape& shape, double factor) {
  const int64_t rank = shape.rank();
  std::vector<int64_t> dims(static_cast<size_t>(rank - shift.shape().rank()), 1);
  dims.insert(dims.end(), shift.shape().dims().begin(), shift.shape().dims().end());
  // Leading axes from the first to the last along which it varies are its own stacks; those behind repeat it.
  int64_t first = 0, last = rank - 2;
  while (first < last && dims[static_cast<size_t>(first)] == 1) ++first;
  while (last > first && dims[static_cast<size_t>(last - 1)] == 1) --last;
  int64_t period = 1, repeat = 1;
  std::vector<int64_t> own;
  for (int64_t axis = first; axis < last; ++axis) {
    own.push_back(shape[axis]);
    period *= shape[axis];
  }
  for (int64_t axis = last; axis < rank - 2; ++axis) repeat *= shape[axis];
  own.insert(own.end(), {shape[rank - 2], shape[rank - 1]});
  std::vector<int64_t> from(dims.begin() + first, dims.begin() + last);
  from.insert(from.end(), {dims[static_cast<size_t>(rank - 2)], dims[static_cast<size_t>(rank - 1)]});
  const Shape whole(own);
  Tensor values(whole, DType::kF32);
  const auto given = shift.values<float>();
  const auto to = values.values<float>();
  for_each_offset(whole, broadcast_strides(Shape(from), whole), [&](int64_t i, int64_t j) {
    to[static_cast<size_t>(i)] = static_cast<float>(factor * given[static_cast<size_t>(j)]);
  });
  return {share(std::move(values).reshaped(Shape{period, shape[rank - 2], shape[rank - 1]})), repeat};
}

bool is_zero(const Tensor& tensor) {
  return single_number(tensor) == 0.0;
}

class AttentionPattern {
 public:
  explicit AttentionPattern(const Graph& graph)
      : graph_(graph), readers_(graph.readers()), writers_(graph.writers()) {}

  struct Found {
    Attention op;
    ValueId q = -1, k = -1;
    ValueId bias = -1;  ///< computed, in a shape [.., m, n]; -1: none
  };

  /// What makes the weights of `node`, the product of weights and values; nothing where they are not a
  /// softmax's.
  std::optional<Found> weights_of(const Node& node) const {
    const auto* product = std::get_if<MatMul>(&node.op);
    if (!product || product->weights == 1) return std::nullopt;
    const Node* softmax = skip_reshapes(node.inputs[0]);
    const auto* op = softmax ? std::get_if<Softmax>(&softmax->op) : nullptr;
    if (!op || op->axis != graph_.shape(softmax->output).rank() - 1) return std::nullopt;
    return scores(softmax->inputs[0]);
  }

 private:
  const Node* writer(ValueId value) const {
    const int index = writers_[at(value)];
    return index < 0 || readers_[at(value)] != 1 ? nullptr : &graph_.nodes[static_cast<size_t>(index)];
  }
  bool keeps_matrices(const Node& node) const {
    const Shape &from = graph_.shape(node.inputs[0]), &to = graph_.shape(node.output);
    return std::holds_alternative<Reshape>(node.op) && from.rank() >= 2 && to.rank() >= 2 &&
           from[from.rank() - 1] == to[to.rank() - 1] && from[from.rank() - 2] == to[to.rank() - 2];
  }
  const Node* skip_reshapes(ValueId value) const {
    const Node* node = writer(value);
    while (node && keeps_matrices(*node)) node = writer(node->inputs[0]);
    return node;
  }

  /// value = scale (q k) + biases, read from its end.
  std::optional<Found> scores(ValueId value) const {
    Found found;
    double factor = 1;
    while (const Node* node = writer(value)) {
      if (std::holds_alternative<MatMul>(node->op)) {
        found.op.scale = factor;
        found.q = node->inputs[0];
        found.k = node->inputs[1];
        return found;
      }
      if (const auto* affine = std::get_if<Affine>(&node->op)) {
        const auto scale = single_number(*affine->scale);
        if (!scale) return std::nullopt;
        if (!is_zero(*affine->shift))
          found.op.biases.push_back(stacked_bias(*affine->shift, graph_.shape(node->output), factor));
        factor *= *scale;
        value = node->inputs[0];
      } else if (const auto* add = std::get_if<Add>(&node->op); add && add->sign == 1 && found.bias < 0) {
        if (factor != 1) return std::nullopt;
        const size_t score = leads_to_product(node->inputs[0]) ? 0 : 1;
        const ValueId bias = node->inputs[1 - score];
        if (graph_.shape(bias) != graph_.shape(node->output)) return std::nullopt;
        found.bias = bias;
        value = node->inputs[score];
      } else if (keeps_matrices(*node)) {
        value = node->inputs[0];
      } else {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  /// Whether a value is a product of matrices, scaled and shifted since.
  bool leads_to_product(ValueId value) const {
    while (const Node* node = writer(value)) {
      if (std::holds_alternative<MatMul>(node->op)) return true;
      if (!std::holds_alternative<Affine>(node->op) && !keeps_matrices(*node)) return false;
      value = node->inputs[0];
    }
    return false;
  }

  const Graph& graph_;
  std::vector<int> readers_, writers_;
};

/// Takes a factor out of what leads to a value by movement alone, which nothing else reads: exporters scale
/// queries and keys before they multiply them. Returns the factor.
double take_factor(Graph& graph, ValueId value) {
  const auto readers = graph.readers();
  const auto writers = graph.writers();
  Node* reader = nullptr;
  for (;;) {
    const int index = writers[at(value)];
    if (index < 0 || readers[at(value)] != 1) return 1;
    Node& node = graph.nodes[static_cast<size_t>(index)];
    if (const auto* affine = std::get_if<Affine>(&node.op)) {
      const auto scale = single_number(*affine->scale);
      if (!scale || !is_zero(*affine->shift) || graph.shape(node.inputs[0]) != graph.shape(node.output))
        return 1;
      if (reader)
        reader->inputs[0] = node.inputs[0];
      else
        node.op = Reshape{};  // which is then passed over: the attention reads this node itself
      return *scale;
    }
    if (!std::holds_alternative<Reshape>(node.op) && !std::holds_alternative<Transpose>(node.op)) return 1;
    reader = &node;
    value = node.inputs[0];
  }
}

}  // namespace

Graph recognise_attention(Graph graph) {
  std::vector<std::optional<AttentionPattern::Found>> found;
  {
    const AttentionPattern pattern(graph);
    for (const Node& node : graph.nodes) found.push_back(pattern.weights_of(node));
  }
  std::vector<Node> nodes;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    if (found[i]) {
      auto& [op, q, k, bias] = *found[i];
      const ValueId values = node.inputs[1];
      node.inputs = {q, k, values};
      if (bias >= 0) {
        const Shape stacks{graph.shape(q)[0], graph.shape(q)[1], graph.shape(k)[2]};
        if (graph.shape(bias) != stacks) {
          graph.values.push_back({node.name, stacks});
          const auto reshaped = static_cast<ValueId>(graph.values.size()) - 1;
          nodes.push_back({Reshape{}, node.name, {bias}, reshaped});
          bias = reshaped;
        }
        node.inputs.push_back(bias);
      }
      node.op = std::move(op);
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  graph = drop_dead(std::move(graph));
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!std::holds_alternative<Attention>(graph.nodes[i].op)) continue;
    const std::vector<ValueId> inputs = graph.nodes[i].inputs;
    const double factor = take_factor(graph, inputs[0]) * take_factor(graph, inputs[1]);
    std::get<Attention>(graph.nodes[i].op).scale *= factor;
  }
  return merge_movement(std::move(graph));
}

}  // namespace relevid::graph
