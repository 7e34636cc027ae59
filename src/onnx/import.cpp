// SPDX-License-Identifier: Apache-2.0
#include "onnx/import.h"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <set>

#include "base/readable_file.h"
#include "onnx/import_node.h"
#include "onnx/import_tensor.h"
#include "onnx/inline_functions.h"
#include "onnx/parsed_model.h"
#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

constexpr int64_t kOldestOpset = 9, kNewestOpset = 25;

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
  auto [proto, initializers] = parse(file);
  graph::Model model;
  model.opset = opset_of(proto, path);
  inline_functions(proto, model.opset, path);
  model.producer =
      proto.producer_name() + (proto.producer_version().empty() ? "" : " " + proto.producer_version());
  NodeImporter importer(path.parent_path());
  for (const auto& [tensor, raw_offset, raw_length] : initializers) {
    importer.note_type(tensor.name(), tensor);
    model.constants[tensor.name()] =
        graph::share(raw_length == 0 || tensor.data_location() == onnx::TensorProto::EXTERNAL
                         ? import_tensor(tensor, path.parent_path())
                         : import_tensor(tensor, ByteRange(file, raw_offset, raw_length)));
  }
  if (proto.graph().sparse_initializer_size() > 0) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("{} holds sparse weights, which are not taken", path.string()));
  }
  std::set<std::string> defined;
  for (const auto& [name, tensor] : model.constants) defined.insert(name);
  for (const auto& input : proto.graph().input()) {
    if (!model.constants.contains(input.name())) model.inputs.push_back(import_value(input));
    defined.insert(input.name());
  }
  for (const auto& output : proto.graph().output()) model.outputs.push_back(import_value(output));
  for (const auto& node : proto.graph().node()) model.nodes.push_back(importer.import_node(node));
  require_defined(model.nodes, defined);
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  return model;
}

}  // namespace relevid::onnx_io
