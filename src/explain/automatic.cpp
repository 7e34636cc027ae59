// SPDX-License-Identifier: Apache-2.0
#include "explain/automatic.h"

#include <algorithm>

namespace relevid {

bool is_transformer(const graph::Graph& graph) {
  const auto has = [&](auto is_one) { return std::ranges::any_of(graph.nodes, is_one); };
  const bool attends =
      has([](const graph::Node& node) { return std::holds_alternative<graph::Attention>(node.op); });
  // Convolutional networks with non-local blocks attend too, but have batch norms.
  const bool has_norms =
      has([](const graph::Node& node) { return std::holds_alternative<graph::Standardise>(node.op); });
  return attends && has_norms;
}

std::string automatic_method(const graph::Graph& graph) {
  return is_transformer(graph) ? "value_path" : "epsilon_plus_flat";
}

}  // namespace relevid
