// SPDX-License-Identifier: Apache-2.0
#include "graph/shift_input.h"

#include <algorithm>
#include <memory>
#include <set>

namespace relevid::graph {
namespace {

/// `wanted`, or where the model has it already, the same with strokes after.
std::string unused(const Model& model, std::string wanted) {
  std::set<std::string> used;
  for (const auto& [name, constant] : model.constants) used.insert(name);
  for (const ModelValue& input : model.inputs) used.insert(input.name);
  for (const ModelNode& node : model.nodes) used.insert(node.outputs.begin(), node.outputs.end());
  while (used.contains(wanted)) wanted += "'";
  return wanted;
}

/// `from` becomes `to` wherever the nodes read it, also in graphs inside them, which are copied.
void replace_reads(std::vector<ModelNode>& nodes, const std::string& from, const std::string& to) {
  for (ModelNode& node : nodes) {
    std::ranges::replace(node.inputs, from, to);
    for (auto& [name, attribute] : node.attributes) {
      auto* graph = std::get_if<SubgraphRef>(&attribute);
      if (!graph) continue;
      auto changed = std::make_shared<Subgraph>(**graph);
      replace_reads(changed->nodes, from, to);
      std::ranges::replace(changed->outputs, from, to);
      *graph = std::move(changed);
    }
  }
}

}  // namespace

Model with_shifted_input(const Model& model, float shift) {
  Model result = model;
  const std::string constant = unused(model, "input shift");
  result.constants[constant] = share(Tensor::from<float>(Shape{1}, {shift}));
  std::vector<ModelNode> subtractions;
  for (const ModelValue& input : model.inputs) {
    const std::string restored = unused(model, input.name + " as it was");
    replace_reads(result.nodes, input.name, restored);
    subtractions.push_back({"Sub", restored, {input.name, constant}, {restored}, {}});
  }
  result.nodes.insert(result.nodes.begin(), subtractions.begin(), subtractions.end());
  return result;
}

}  // namespace relevid::graph
