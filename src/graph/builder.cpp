// SPDX-License-Identifier: Apache-2.0
#include "graph/builder.h"

#include <fmt/format.h>

#include <algorithm>
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

namespace {

/// What stands at an input where another kind of thing is needed.
std::string kind_of(const Binding* binding) {
  static const std::map<size_t, std::string> kKinds = {{Binding(TensorRef()).index(), "a constant"},
                                                       {Binding(ValueId()).index(), "computed"},
                                                       {Binding(Sequence()).index(), "a sequence"},
                                                       {Binding(Guard()).index(), "a question about NaN"},
                                                       {Binding(Quantised()).index(), "quantised"}};
  return binding ? kKinds.at(binding->index()) : "nothing";
}

}  // namespace

int64_t Builder::clips() const {
  return graph_.inputs.empty() || shape(graph_.inputs[0]).rank() == 0 ? 1 : shape(graph_.inputs[0])[0];
}

const Binding* Builder::lookup(const std::string& name) const {
  const auto scope = std::find_if(scopes_.rbegin(), scopes_.rend(),
                                  [&](const auto& bindings) { return bindings.contains(name); });
  return scope == scopes_.rend() ? nullptr : &scope->at(name);
}

TensorRef Builder::constant(const ModelNode& node, size_t index) const {
  if (!node.has_input(index)) return nullptr;
  const Binding* found = lookup(node.inputs[index]);
  if (const auto* constant = found ? std::get_if<TensorRef>(found) : nullptr) return *constant;
  reject(fmt::format("input {} is {}, and must be a constant", index, kind_of(found)));
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
  const Binding* found = lookup(node.inputs[index]);
  if (const auto* value = found ? std::get_if<ValueId>(found) : nullptr) return *value;
  reject(fmt::format("input {} is {}, and must be computed", index, kind_of(found)));
}

const Sequence& Builder::sequence(const ModelNode& node, size_t index) const {
  if (!node.has_input(index))
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: input {} is missing", node.label(), index));
  const Binding* found = lookup(node.inputs[index]);
  if (const auto* sequence = found ? std::get_if<Sequence>(found) : nullptr) return *sequence;
  reject(fmt::format("input {} is {}, and must be a sequence", index, kind_of(found)));
}

Shape Builder::shape(const ModelNode& node, size_t index) const {
  const auto* constant = node.has_input(index) ? find_as<TensorRef>(node.inputs[index]) : nullptr;
  return constant ? (*constant)->shape() : shape(value(node, index));
}

ValueId Builder::find(const std::string& name) const {
  const auto* value = find_as<ValueId>(name);
  return value ? *value : -1;
}

void Builder::define(const std::string& name, Binding binding) {
  if (!name.empty()) scopes_.back()[name] = std::move(binding);
}

std::string Builder::fresh_name(const std::string& what) {
  return fmt::format("relevid: {} {}", what, ++fresh_names_);
}

void Builder::count_work(const ModelNode& node, int64_t operations) {
  // Billions for a network's weights, and for what is repeated some for shapes: a minute, and seconds.
  const bool repeated = scopes_.size() > 1;
  const int64_t most = int64_t{1} << (repeated ? 24 : 32);
  int64_t& work = repeated ? repeated_work_ : work_;
  if (operations > most - work) {
    work = most;  // and nothing more is computed
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: computing the model's constants up to here takes more than {} operations",
                            node.label(), most));
  }
  work += operations;
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

const Node* Builder::writer(ValueId value) const {
  const int64_t node = value - std::ssize(graph_.inputs);  // each node was appended with its value
  return node < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(node)];
}

ValueId Builder::reshape(const ModelNode& source, ValueId value, Shape to) {
  if (shape(value) == to) return value;
  return emit(source, Reshape{}, {value}, std::move(to));
}

ValueId Builder::transpose(const ModelNode& source, ValueId value, std::vector<int64_t> permutation) {
  if (const Node* writer = this->writer(value)) {
    if (const auto* before = std::get_if<Transpose>(&writer->op)) {
      for (int64_t& axis : permutation) axis = before->permutation[static_cast<size_t>(axis)];
      value = writer->inputs[0];
    }
  }
  if (std::ranges::is_sorted(permutation)) return value;
  std::vector<int64_t> dims;
  dims.reserve(permutation.size());
  for (const int64_t axis : permutation) dims.push_back(shape(value)[axis]);
  return emit(source, Transpose{std::move(permutation)}, {value}, Shape(std::move(dims)));
}

}  // namespace relevid::graph
