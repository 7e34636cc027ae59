// SPDX-License-Identifier: Apache-2.0
#include "graph/simplify.h"

namespace relevid::graph {
namespace {

/// The one permutation that does what `first` and then `second` do.
Transpose composed(const Transpose& first, const Transpose& second) {
  Transpose result;
  for (const int64_t axis : second.permutation)
    result.permutation.push_back(first.permutation[static_cast<size_t>(axis)]);
  return result;
}

bool moves_nothing(const Transpose& op) {
  for (size_t i = 0; i < op.permutation.size(); ++i) {
    if (op.permutation[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

Graph merge_movement(Graph graph) {
  const auto writers = graph.writers();
  const auto writer = [&](ValueId value) {
    const int index = writers[at(value)];
    return index < 0 ? nullptr : &graph.nodes[static_cast<size_t>(index)];
  };
  for (Node& node : graph.nodes) {
    for (ValueId& input : node.inputs) {  // past what changes nothing
      const Node* before = writer(input);
      while (before && before->inputs.size() == 1) {
        const auto* transpose = std::get_if<Transpose>(&before->op);
        const bool same_shape = std::holds_alternative<Reshape>(before->op) &&
                                graph.shape(before->inputs[0]) == graph.shape(before->output);
        if (!same_shape && !(transpose && moves_nothing(*transpose))) break;
        input = before->inputs[0];
        before = writer(input);
      }
    }
    if (node.inputs.size() != 1) continue;
    const Node* before = writer(node.inputs[0]);
    if (!before) continue;
    auto* second = std::get_if<Transpose>(&node.op);
    const auto* first = std::get_if<Transpose>(&before->op);
    const bool both_reshape =
        std::holds_alternative<Reshape>(node.op) && std::holds_alternative<Reshape>(before->op);
    if (first && second) *second = composed(*first, *second);
    if ((first && second) || both_reshape) node.inputs[0] = before->inputs[0];
  }
  return drop_dead(std::move(graph));
}

}  // namespace relevid::graph
