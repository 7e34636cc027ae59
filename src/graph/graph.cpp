// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include <algorithm>

#include "graph/operator_traits.h"

namespace relevid::graph {

std::vector<int> Graph::readers() const {
  std::vector<int> count(values.size(), 0);
  for (const Node& node : nodes) {
    for (const ValueId input : node.inputs) ++count[static_cast<size_t>(input)];
  }
  if (output >= 0) ++count[static_cast<size_t>(output)];
  return count;
}

std::vector<int> Graph::writers() const {
  std::vector<int> writer(values.size(), -1);
  for (size_t i = 0; i < nodes.size(); ++i)
    writer[static_cast<size_t>(nodes[i].output)] = static_cast<int>(i);
  return writer;
}

std::vector<char> never_negative(const Graph& graph) {
  std::vector<char> result(graph.values.size(), 0);
  for (const Node& node : graph.nodes) {
    const bool inputs_are =
        std::ranges::all_of(node.inputs, [&](ValueId v) { return result[static_cast<size_t>(v)] != 0; });
    result[static_cast<size_t>(node.output)] = output_never_negative(node.op, inputs_are);
  }
  return result;
}

std::vector<char> only_input(const Graph& graph) {
  std::vector<char> result(graph.values.size(), 0);
  for (const ValueId input : graph.inputs) result[static_cast<size_t>(input)] = 1;
  for (const Node& node : graph.nodes) {
    result[static_cast<size_t>(node.output)] =
        traits(node.op).values != Values::kComputed &&
        std::ranges::all_of(node.inputs, [&](ValueId v) { return result[static_cast<size_t>(v)] != 0; });
  }
  return result;
}

}  // namespace relevid::graph
