// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "graph/model.h"

namespace relevid::onnx_io {

/// Turns a file's nodes into the model's.
class NodeImporter {
 public:
  /// `folder` is where external data may lie.
  explicit NodeImporter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Remembers a constant's type as the file has it: the model's tensors have fewer types, and what
  /// quantising does depends on it.
  void note_type(const std::string& name, const onnx::TensorProto& tensor) {
    types_[name] = tensor.data_type();
  }

  graph::ModelNode import_node(const onnx::NodeProto& proto);

 private:
  graph::SubgraphRef import_subgraph(const onnx::GraphProto& proto);
  void import_attribute(const onnx::AttributeProto& attribute, graph::ModelNode& node);

  std::filesystem::path folder_;
  std::map<std::string, int> types_;
};

/// Throws Error(kCorruptInput) where a node reads a name that neither `defined` has nor a node before it
/// writes; graphs inside nodes also read what is around them.
void require_defined(const std::vector<graph::ModelNode>& nodes, std::set<std::string> defined);

}  // namespace relevid::onnx_io
