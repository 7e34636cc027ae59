// SPDX-License-Identifier: Apache-2.0
#include "network/memory.h"

#include <algorithm>
#include <set>
#include <vector>

namespace relevid {

using graph::at;
using graph::ValueId;

int64_t activation_bytes(const graph::Graph& graph) {
  std::vector<size_t> last_reader(graph.values.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const ValueId input : graph.nodes[i].inputs) last_reader[at(input)] = i;
  }
  last_reader[at(graph.output)] = graph.nodes.size();
  for (const ValueId input : graph.inputs)
    last_reader[at(input)] = graph.nodes.size();  // the caller holds them
  const auto elements = [&](ValueId value) { return graph.shape(value).elements(); };
  int64_t held = 0;
  for (const ValueId input : graph.inputs) held += elements(input);
  int64_t most = held;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    held += elements(node.output);
    most = std::max(most, held);
    for (const ValueId input : std::set<ValueId>(node.inputs.begin(), node.inputs.end())) {
      if (last_reader[at(input)] == i) held -= elements(input);
    }
  }
  return most * static_cast<int64_t>(sizeof(float));
}

int64_t fitting_batch(const graph::Graph& graph, int64_t wanted, int64_t limit_bytes) {
  const int64_t each = std::max<int64_t>(1, activation_bytes(graph));
  return std::clamp<int64_t>(limit_bytes / each, 1, std::max<int64_t>(1, wanted));
}

}  // namespace relevid
