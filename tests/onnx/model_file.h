// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/scratch.h"

namespace relevid::testing {

/// An ONNX model put together by hand, with one float input 'x' and one output 'y'.
class ModelFile {
 public:
  explicit ModelFile(std::vector<int64_t> input = {1, 4}, int64_t opset = 17) {
    model_.set_ir_version(8);
    model_.set_producer_name("hand");
    auto* import = model_.add_opset_import();
    import->set_domain("");
    import->set_version(opset);
    graph().set_name("g");
    add_value(*graph().add_input(), "x", input);
    add_value(*graph().add_output(), "y", {});
  }

  onnx::ModelProto& proto() { return model_; }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    auto* node = graph().add_node();
    node->set_op_type(op);
    node->set_name(op + "_" + std::to_string(graph().node_size()));
    for (const auto& name : inputs) node->add_input(name);
    for (const auto& name : outputs) node->add_output(name);
    return *node;
  }
  static void attribute(onnx::NodeProto& node, const std::string& name, int64_t value) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INT);
    attribute->set_i(value);
  }
  static void attribute(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
    auto* attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) attribute->add_ints(value);
  }

  onnx::TensorProto& tensor(const std::string& name, onnx::TensorProto::DataType type,
                            const std::vector<int64_t>& dims) {
    auto* tensor = graph().add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (const int64_t dim : dims) tensor->add_dims(dim);
    return *tensor;
  }
  void floats(const std::string& name, const std::vector<int64_t>& dims, const std::vector<float>& values) {
    auto& proto = tensor(name, onnx::TensorProto::FLOAT, dims);
    for (const float value : values) proto.add_float_data(value);
  }

  static void add_value(onnx::ValueInfoProto& value, const std::string& name,
                        const std::vector<int64_t>& dims) {
    value.set_name(name);
    auto* type = value.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const int64_t dim : dims) {
      auto* size = type->mutable_shape()->add_dim();
      if (dim >= 0)
        size->set_dim_value(dim);
      else
        size->set_dim_param("batch");
    }
  }

  std::string bytes() const { return model_.SerializeAsString(); }
  std::filesystem::path write(const ScratchFolder& folder, const std::string& name = "model.onnx") const {
    write_bytes(folder / name, bytes());
    return folder / name;
  }

 private:
  onnx::ModelProto model_;
};

}  // namespace relevid::testing
