// SPDX-License-Identifier: Apache-2.0
#include "explain/automatic.h"

#include <algorithm>

namespace relevid {

bool attends(const graph::Node& node) {
  const auto* product = std::get_if<graph::MatMul>(&node.op);
  return std::holds_alternative<graph::Attention>(node.op) || (product && product->weights >= 0);
}

bool is_transformer(const graph::Graph& graph) {
  // Convolutional networks with non-local blocks attend too, but have batch norms.
  const bool has_norms = std::ranges::any_of(graph.nodes, [](const graph::Node& node) {
    return std::holds_alternative<graph::Standardise>(node.op);
  });
  return has_norms && std::ranges::any_of(graph.nodes, attends);
}

std::string automatic_method(const graph::Graph& graph) {
  return is_transformer(graph) ? "value_path" : "epsilon_plus_flat";
}

}  // namespace relevid
