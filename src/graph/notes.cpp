// SPDX-License-Identifier: Apache-2.0
#include "graph/notes.h"

#include <fmt/format.h>

#include <set>

namespace relevid::graph {
namespace {

/// Numbers are not rounded to those that a quantised model has.
std::string about_quantisation(const Model& model) {
  int64_t weights = 0, values = 0;
  std::set<std::string> constants;
  for (const auto& [name, tensor] : model.constants) constants.insert(name);
  for (const ModelNode& node : model.nodes) {
    if (node.op == "Constant") constants.insert(node.outputs.begin(), node.outputs.end());
    if (node.op == "DequantizeLinear" && node.has_input(0))
      weights += constants.contains(node.inputs[0]) ? 1 : 0;
    if (node.op == "QuantizeLinear" && node.has_input(0))
      values += constants.contains(node.inputs[0]) ? 0 : 1;
  }
  if (weights == 0 && values == 0) return {};
  return fmt::format(
      "quantised: {} constants are read as the numbers that they stand for, and {} computed values, which "
      "the file "
      "rounds, are not rounded",
      weights, values);
}

}  // namespace

std::vector<std::string> notes_of(const Model& model) {
  std::vector<std::string> notes;
  if (std::string note = about_quantisation(model); !note.empty()) notes.push_back(std::move(note));
  return notes;
}

}  // namespace relevid::graph
