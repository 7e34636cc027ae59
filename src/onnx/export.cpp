// SPDX-License-Identifier: Apache-2.0
#include "onnx/export.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::onnx_io {
namespace {

constexpr uint64_t kLargestBytes = 19 * (uint64_t{1} << 30) / 10;

/// The version of the file format that came with an opset: 8 served opset 17 and all before it.
int64_t ir_version(int64_t opset) {
  if (opset <= 18) return 8;
  return opset <= 20 ? 9 : 10;
}

onnx::TensorProto::DataType element_type(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return onnx::TensorProto::FLOAT;
    case DType::kF64:
      return onnx::TensorProto::DOUBLE;
    case DType::kI64:
      return onnx::TensorProto::INT64;
    case DType::kI32:
      return onnx::TensorProto::INT32;
    case DType::kU8:
      return onnx::TensorProto::UINT8;
    case DType::kI8:
      return onnx::TensorProto::INT8;
    case DType::kBool:
      return onnx::TensorProto::BOOL;
  }
  throw Error(ErrorKind::kInternal, "an element type without a counterpart in ONNX");
}

void export_tensor(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto) {
  proto.set_name(name);
  proto.set_data_type(element_type(tensor.dtype()));
  for (const int64_t dim : tensor.shape().dims()) proto.add_dims(dim);
  const auto bytes = tensor.bytes();
  proto.set_raw_data(bytes.data(), bytes.size());
}

/// One overload per kind of attribute.
struct AttributeWriter {
  onnx::AttributeProto& proto;

  void operator()(int64_t value) const {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(value);
  }
  void operator()(double value) const {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(static_cast<float>(value));
  }
  void operator()(const std::string& value) const {
    proto.set_type(onnx::AttributeProto::STRING);
    proto.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    proto.set_type(onnx::AttributeProto::INTS);
    proto.mutable_ints()->Add(values.begin(), values.end());
  }
  void operator()(const std::vector<double>& values) const {
    proto.set_type(onnx::AttributeProto::FLOATS);
    for (const double value : values) proto.add_floats(static_cast<float>(value));
  }
  void operator()(const graph::TensorRef& value) const {
    proto.set_type(onnx::AttributeProto::TENSOR);
    export_tensor("", *value, *proto.mutable_t());
  }
  void operator()(const graph::SubgraphRef&) const {
    throw Error(ErrorKind::kInternal, "a model that is written holds a graph inside a node");
  }
};

/// An operator outside ONNX's own domain is "domain::Op" in the model.
struct OperatorName {
  std::string domain, op;
};
OperatorName operator_name(const std::string& op) {
  const auto separator = op.rfind("::");
  if (separator == std::string::npos) return {"", op};
  return {op.substr(0, separator), op.substr(separator + 2)};
}

void export_node(const graph::ModelNode& node, onnx::NodeProto& proto) {
  const auto [domain, op] = operator_name(node.op);
  proto.set_op_type(op);
  if (!domain.empty()) proto.set_domain(domain);
  proto.set_name(node.name);
  for (const std::string& input : node.inputs) proto.add_input(input);
  for (const std::string& output : node.outputs) proto.add_output(output);
  for (const auto& [key, value] : node.attributes) {
    onnx::AttributeProto& attribute = *proto.add_attribute();
    attribute.set_name(key);
    std::visit(AttributeWriter{attribute}, value);
  }
}

void export_value(const graph::ModelValue& value, onnx::ValueInfoProto& proto) {
  proto.set_name(value.name);
  auto& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  auto& shape = *type.mutable_shape();
  for (size_t axis = 0; axis < value.dims.size(); ++axis) {
    auto& dim = *shape.add_dim();
    if (value.dims[axis] >= 0) {
      dim.set_dim_value(value.dims[axis]);
    } else if (axis < value.dim_names.size() && !value.dim_names[axis].empty()) {
      dim.set_dim_param(value.dim_names[axis]);
    }
  }
}

void export_opsets(const graph::Model& model, onnx::ModelProto& proto) {
  auto& own = *proto.add_opset_import();
  own.set_domain("");
  own.set_version(model.opset);
  std::set<std::string> others;
  for (const auto& node : model.nodes) others.insert(operator_name(node.op).domain);
  others.erase("");
  for (const std::string& domain : others) {
    auto& other = *proto.add_opset_import();
    other.set_domain(domain);
    other.set_version(1);
  }
}

onnx::ModelProto export_model(const graph::Model& model) {
  onnx::ModelProto proto;
  proto.set_ir_version(ir_version(model.opset));
  proto.set_producer_name(model.producer);
  export_opsets(model, proto);
  for (const auto& [key, value] : model.metadata) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  auto& graph = *proto.mutable_graph();
  graph.set_name("network");
  for (const auto& node : model.nodes) export_node(node, *graph.add_node());
  for (const auto& [name, tensor] : model.constants) export_tensor(name, *tensor, *graph.add_initializer());
  for (const auto& input : model.inputs) export_value(input, *graph.add_input());
  for (const auto& output : model.outputs) export_value(output, *graph.add_output());
  return proto;
}

void require_size(uint64_t bytes, const std::filesystem::path& path) {
  if (bytes <= kLargestBytes) return;
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("{} would hold {:.2f} GiB; an ONNX file with its weights inside ends at {:.1f}. A "
                          "narrower network fits",
                          path.string(), static_cast<double>(bytes) / (1 << 30),
                          static_cast<double>(kLargestBytes) / (1 << 30)));
}

void write_proto(const onnx::ModelProto& proto, const std::filesystem::path& path,
                 const std::filesystem::path& shown) {
  const auto fail = [&](int reason) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot write model {}: {}", shown.string(), std::strerror(reason)));
  };
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) fail(errno);
  google::protobuf::io::FileOutputStream file(descriptor);
  file.SetCloseOnDelete(true);
  if (!proto.SerializeToZeroCopyStream(&file) || !file.Flush()) fail(file.GetErrno());
}

}  // namespace

void write_model(const graph::Model& model, const std::filesystem::path& path) {
  uint64_t weights = 0;  // seen first, so that too large a model is not copied to find out
  for (const auto& [name, tensor] : model.constants) weights += tensor->bytes().size();
  require_size(weights, path);
  const onnx::ModelProto proto = export_model(model);
  require_size(proto.ByteSizeLong(), path);
  AtomicFile file(path);
  write_proto(proto, file.temporary_path(), path);
  file.commit();
}

}  // namespace relevid::onnx_io
