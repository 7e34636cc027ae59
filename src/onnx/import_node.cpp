// SPDX-License-Identifier: Apache-2.0
#include "onnx/import_node.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>
#include <utility>

#include "onnx/import_tensor.h"
#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

std::string_view kind_of(const onnx::AttributeProto& attribute) {
  switch (attribute.type()) {
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS:
      return "a graph";
    case onnx::AttributeProto::STRINGS:
      return "a list of strings";
    default:
      return "of a kind that is not taken";
  }
}

void require_inputs(const graph::ModelNode& node, const std::set<std::string>& defined) {
  for (const std::string& input : node.inputs) {
    if (!input.empty() && !defined.contains(input))
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: reads '{}', which nothing before it writes", node.label(), input));
  }
  for (const auto& [name, attribute] : node.attributes) {
    const auto* found = std::get_if<graph::SubgraphRef>(&attribute);
    if (!found) continue;
    std::set<std::string> inside = defined;
    for (const auto& [constant, tensor] : (*found)->constants) inside.insert(constant);
    inside.insert((*found)->inputs.begin(), (*found)->inputs.end());
    require_defined((*found)->nodes, std::move(inside));
  }
}

}  // namespace

void require_defined(const std::vector<graph::ModelNode>& nodes, std::set<std::string> defined) {
  for (const graph::ModelNode& node : nodes) {
    require_inputs(node, defined);
    defined.insert(node.outputs.begin(), node.outputs.end());
  }
}

void NodeImporter::import_attribute(const onnx::AttributeProto& attribute, graph::ModelNode& node) {
  graph::Attribute& value = node.attributes[attribute.name()];
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      value = attribute.i();
      return;
    case onnx::AttributeProto::FLOAT:
      value = static_cast<double>(attribute.f());
      return;
    case onnx::AttributeProto::STRING:
      value = attribute.s();
      return;
    case onnx::AttributeProto::INTS:
      value = std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
      return;
    case onnx::AttributeProto::FLOATS:
      value = std::vector<double>(attribute.floats().begin(), attribute.floats().end());
      return;
    case onnx::AttributeProto::TENSOR:
      value = graph::share(import_tensor(attribute.t(), folder_));
      if (!node.outputs.empty()) note_type(node.outputs[0], attribute.t());
      return;
    default:
      break;
  }
  if (attribute.type() == onnx::AttributeProto::GRAPH && (node.op == "If" || node.op == "Loop")) {
    value = import_subgraph(attribute.g());
    return;
  }
  node.attributes.erase(attribute.name());
  node.unreadable = fmt::format("attribute '{}' is {}", attribute.name(), kind_of(attribute));
}

graph::SubgraphRef NodeImporter::import_subgraph(const onnx::GraphProto& proto) {
  auto graph = std::make_shared<graph::Subgraph>();
  for (const auto& tensor : proto.initializer()) {
    note_type(tensor.name(), tensor);
    graph->constants[tensor.name()] = graph::share(import_tensor(tensor, folder_));
  }
  for (const auto& input : proto.input()) {
    if (!graph->constants.contains(input.name())) graph->inputs.push_back(input.name());
  }
  for (const auto& output : proto.output()) graph->outputs.push_back(output.name());
  for (const auto& node : proto.node()) graph->nodes.push_back(import_node(node));
  return graph;
}

graph::ModelNode NodeImporter::import_node(const onnx::NodeProto& proto) {
  graph::ModelNode node;
  node.op = proto.op_type();
  if (!proto.domain().empty() && proto.domain() != "ai.onnx") node.op = proto.domain() + "::" + node.op;
  node.name = proto.name();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (const auto& attribute : proto.attribute()) import_attribute(attribute, node);
  if (proto.op_type() == "QuantizeLinear" && node.has_input(2)) {
    const auto type = types_.find(node.inputs[2]);
    if (type != types_.end()) node.attributes["output_dtype"] = static_cast<int64_t>(type->second);
  }
  return node;
}

}  // namespace relevid::onnx_io
