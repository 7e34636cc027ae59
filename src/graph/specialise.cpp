// SPDX-License-Identifier: Apache-2.0
#include "graph/specialise.h"

#include <fmt/format.h>

#include "graph/builder.h"
#include "graph/operator_table.h"
#include "graph/simplify.h"
#include "graph/walk.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

void define_inputs(Builder& builder, const std::map<std::string, Shape>& input_shapes) {
  for (const ModelValue& input : builder.model().inputs) {
    const auto found = input_shapes.find(input.name);
    if (found == input_shapes.end()) {
      throw Error(ErrorKind::kInvalidArgument, fmt::format("no shape was given for input '{}'", input.name));
    }
    const Shape& shape = found->second;
    bool fits = shape.rank() == static_cast<int64_t>(input.dims.size());
    for (int64_t i = 0; fits && i < shape.rank(); ++i) {
      const int64_t declared = input.dims[static_cast<size_t>(i)];
      fits = shape[i] > 0 && (declared < 0 || declared == shape[i]);
    }
    if (!fits && !input.dims.empty()) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("input '{}' takes {}, and was given {}", input.name,
                              Shape(input.dims).to_string(), shape.to_string()));
    }
    builder.add_input(input.name, shape);
  }
}

}  // namespace

std::vector<std::string> unsupported_nodes(const Model& model) {
  std::vector<std::string> labels;
  for (const ModelNode& node : model.nodes) {
    if (refusal(node)) labels.push_back(node.label());
  }
  return labels;
}

Graph specialise(const Model& model, const std::map<std::string, Shape>& input_shapes, Mode mode) {
  if (model.outputs.empty()) throw Error(ErrorKind::kUnsupportedModel, "the model has no output");
  Builder builder(model, mode);
  for (const auto& [name, tensor] : model.constants) builder.define(name, tensor);
  Walk walk(builder);
  walk.attempt([&] { define_inputs(builder, input_shapes); });
  walk.visit(model.nodes);
  walk.require_success();

  const std::string& output = model.outputs.front().name;
  builder.graph().output = builder.find(output);
  if (builder.graph().output < 0)
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("output '{}' does not depend on the input", output));
  Graph graph = simplify(std::move(builder.graph()));
  if (graph.nodes.empty())
    throw Error(ErrorKind::kUnsupportedModel, fmt::format("output '{}' is the input itself", output));
  return graph;
}

}  // namespace relevid::graph
