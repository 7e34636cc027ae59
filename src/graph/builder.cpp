// SPDX-License-Identifier: Apache-2.0
#include "graph/builder.h"

#include <fmt/format.h>

#include <cmath>

#include "graph/lower_parts.h"
#include "relevid/error.h"

namespace relevid::graph {

void reject(const std::string& reason) {
  throw Rejected{reason};
}

void require_finite(const ModelNode& node, const Tensor& tensor, const std::string& what) {
  if (tensor.dtype() != DType::kF32) return;
  const auto values = tensor.values<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{}: its {} {} holds {} at element {}; the file is damaged or the training diverged",
                    node.label(), what, tensor.shape().to_string(), values[i], i));
  }
}

TensorRef as_float(const TensorRef& tensor) {
  if (!tensor || tensor->dtype() == DType::kF32) return tensor;
  return share(tensor->cast(DType::kF32));
}

void shapes_differ(const ModelNode& node, const Shape& input, const Shape& weight) {
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{}: weight {} does not fit input {}", node.label(),
                                                       weight.to_string(), input.to_string()));
}

Shape with_rank(const Shape& shape, int64_t rank) {
  std::vector<int64_t> dims(static_cast<size_t>(rank - shape.rank()), 1);
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return Shape(std::move(dims));
}

TensorRef Builder::constant(const ModelNode& node, size_t index) const {
  if (!node.has_input(index)) return nullptr;
  const auto found = constants_.find(node.inputs[index]);
  if (found == constants_.end()) reject(fmt::format("input {} is computed, and must be a constant", index));
  return found->second;
}

std::vector<TensorRef> Builder::constants(const ModelNode& node) const {
  std::vector<TensorRef> result;
  for (size_t i = 0; i < node.inputs.size(); ++i) result.push_back(constant(node, i));
  return result;
}

ValueId Builder::value(const ModelNode& node, size_t index) const {
  if (!node.has_input(index)) {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: input {} is missing", node.label(), index));
  }
  const auto found = values_.find(node.inputs[index]);
  if (found == values_.end()) reject(fmt::format("input {} is a constant, and must be computed", index));
  return found->second;
}

ValueId Builder::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? -1 : found->second;
}

ValueId Builder::add_input(const std::string& name, Shape shape) {
  const auto id = static_cast<ValueId>(graph_.values.size());
  graph_.values.push_back({name, std::move(shape)});
  graph_.inputs.push_back(id);
  define(name, id);
  return id;
}

ValueId Builder::emit(const ModelNode& source, Operator op, std::vector<ValueId> inputs, Shape output_shape) {
  const auto id = static_cast<ValueId>(graph_.values.size());
  const std::string& name =
      source.name.empty() && !source.outputs.empty() ? source.outputs.front() : source.name;
  if (output_shape.elements() == 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{}: its output would be empty, {}; the input clip is too small for this model",
                            source.label(), output_shape.to_string()));
  }
  graph_.values.push_back({name, std::move(output_shape)});
  graph_.nodes.push_back({std::move(op), name, std::move(inputs), id});
  return id;
}

ValueId Builder::reshape(const ModelNode& source, ValueId value, Shape to) {
  if (shape(value) == to) return value;
  return emit(source, Reshape{}, {value}, std::move(to));
}

}  // namespace relevid::graph
