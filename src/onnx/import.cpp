// SPDX-License-Identifier: Apache-2.0
#include "onnx/import.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <optional>
#include <set>

#include "base/readable_file.h"
#include "onnx/import_tensor.h"
#include "onnx/parsed_model.h"
#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

constexpr int64_t kOldestOpset = 9, kNewestOpset = 21;

[[noreturn]] void not_onnx(const std::filesystem::path& path, const std::string& why) {
  throw Error(ErrorKind::kCorruptInput,
              fmt::format("{} is not an ONNX model, or it is truncated: {}", path.string(), why));
}

ParsedModel parse(const ReadableFile& file) {
  auto model = parse_model(file);
  if (!model) not_onnx(file.path(), "it does not parse");
  if (model->rest.graph().node_size() == 0) not_onnx(file.path(), "it holds no graph");
  return std::move(*model);
}

/// Nothing for kinds that have no counterpart here: graphs, strings, sparse tensors, types.
std::optional<graph::Attribute> import_attribute(const onnx::AttributeProto& attribute,
                                                 const std::filesystem::path& folder) {
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      return attribute.i();
    case onnx::AttributeProto::FLOAT:
      return static_cast<double>(attribute.f());
    case onnx::AttributeProto::STRING:
      return attribute.s();
    case onnx::AttributeProto::INTS:
      return std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end());
    case onnx::AttributeProto::FLOATS:
      return std::vector<double>(attribute.floats().begin(), attribute.floats().end());
    case onnx::AttributeProto::TENSOR:
      return graph::share(import_tensor(attribute.t(), folder));
    default:
      return std::nullopt;
  }
}

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

graph::ModelNode import_node(const onnx::NodeProto& proto, const std::filesystem::path& folder) {
  graph::ModelNode node;
  node.op = proto.op_type();
  if (!proto.domain().empty() && proto.domain() != "ai.onnx") node.op = proto.domain() + "::" + node.op;
  node.name = proto.name();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (const auto& attribute : proto.attribute()) {
    if (auto value = import_attribute(attribute, folder))
      node.attributes[attribute.name()] = std::move(*value);
    else
      node.unreadable = fmt::format("attribute '{}' is {}", attribute.name(), kind_of(attribute));
  }
  return node;
}

graph::ModelValue import_value(const onnx::ValueInfoProto& proto) {
  graph::ModelValue value;
  value.name = proto.name();
  for (const auto& dim : proto.type().tensor_type().shape().dim()) {
    const bool fixed = dim.has_dim_value() && dim.dim_value() > 0;
    value.dims.push_back(fixed ? dim.dim_value() : -1);
    value.dim_names.push_back(dim.dim_param());
  }
  return value;
}

int64_t opset_of(const onnx::ModelProto& proto, const std::filesystem::path& path) {
  int64_t opset = 0;
  for (const auto& import : proto.opset_import()) {
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  }
  if (opset < kOldestOpset || opset > kNewestOpset) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("{} is of opset {}; {} to {} are taken. Export it again with one of those",
                            path.string(), opset, kOldestOpset, kNewestOpset));
  }
  return opset;
}

}  // namespace

graph::Model read_model(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw Error(ErrorKind::kIo, fmt::format("{} is a folder; an .onnx file is needed", path.string()));
  const ReadableFile file(path);
  const auto [proto, initializers] = parse(file);
  const auto folder = path.parent_path();
  graph::Model model;
  model.opset = opset_of(proto, path);
  model.producer =
      proto.producer_name() + (proto.producer_version().empty() ? "" : " " + proto.producer_version());
  for (const auto& [tensor, raw_offset, raw_length] : initializers) {
    model.constants[tensor.name()] =
        graph::share(raw_length == 0 || tensor.data_location() == onnx::TensorProto::EXTERNAL
                         ? import_tensor(tensor, folder)
                         : import_tensor(tensor, ByteRange(file, raw_offset, raw_length)));
  }
  if (proto.graph().sparse_initializer_size() > 0) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("{} holds sparse weights, which are not taken", path.string()));
  }
  std::set<std::string> defined = {""};
  for (const auto& [name, tensor] : model.constants) defined.insert(name);
  for (const auto& input : proto.graph().input()) {
    if (!model.constants.contains(input.name())) model.inputs.push_back(import_value(input));
    defined.insert(input.name());
  }
  for (const auto& output : proto.graph().output()) model.outputs.push_back(import_value(output));
  for (const auto& node : proto.graph().node()) {
    model.nodes.push_back(import_node(node, folder));
    for (const auto& input : node.input()) {
      if (!defined.contains(input)) {
        throw Error(ErrorKind::kCorruptInput, fmt::format("{}: reads '{}', which nothing before it writes",
                                                          model.nodes.back().label(), input));
      }
    }
    defined.insert(node.output().begin(), node.output().end());
  }
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  return model;
}

}  // namespace relevid::onnx_io
