// SPDX-License-Identifier: Apache-2.0
#include "graph/to_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "relevid/error.h"

namespace relevid::graph {
namespace {

constexpr int64_t kOpset = 17;

std::vector<int64_t> joined(std::vector<int64_t> first, const std::vector<int64_t>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

TensorRef integers(const std::vector<int64_t>& values) {
  return share(Tensor::from(Shape{static_cast<int64_t>(values.size())}, values));
}

TensorRef number(double value) {
  return share(Tensor::from(Shape(std::vector<int64_t>{}), std::vector<float>{static_cast<float>(value)}));
}

TensorRef transposed(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0], columns = matrix.shape()[1];
  Tensor result(Shape{columns, rows}, DType::kF32);
  const auto from = matrix.values<float>();
  const auto to = result.values<float>();
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c)
      to[static_cast<size_t>(c * rows + r)] = from[static_cast<size_t>(r * columns + c)];
  }
  return share(std::move(result));
}

/// Writes one model. An overload of `write` per operator of the graph.
class Writer {
 public:
  explicit Writer(const Graph& graph) : graph_(graph) {}

  Model run() && {
    model_.opset = kOpset;
    model_.producer = "relevid";
    for (const Value& value : graph_.values) value_names_.push_back(unique(value.name));
    for (const ValueId input : graph_.inputs) model_.inputs.push_back(port(input));
    for (const Node& node : graph_.nodes) {
      node_ = &node;
      name_ = unique_node(node.name);
      std::visit([this](const auto& op) { write(op); }, node.op);
    }
    model_.outputs.push_back(port(graph_.output));
    return std::move(model_);
  }

 private:
  using Attributes = std::map<std::string, Attribute>;

  static std::string first_free(std::set<std::string>& taken, const std::string& wanted) {
    std::string name = wanted.empty() ? "unnamed" : wanted;
    for (int i = 2; !taken.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    return name;
  }
  std::string unique(const std::string& wanted) { return first_free(taken_values_, wanted); }
  std::string unique_node(const std::string& wanted) { return first_free(taken_nodes_, wanted); }

  const Shape& shape(ValueId value) const { return graph_.shape(value); }
  const Shape& input_shape() const { return shape(node_->inputs[0]); }
  const std::string& value(ValueId id) const { return value_names_[static_cast<size_t>(id)]; }
  const std::string& input(size_t i) const { return value(node_->inputs[i]); }
  const std::string& output() const { return value(node_->output); }

  ModelValue port(ValueId id) const {
    ModelValue result{value(id), shape(id).dims(), {}};
    if (shape(id)[0] != shape(graph_.inputs.at(0))[0])
      throw Error(ErrorKind::kUnsupportedModel,
                  fmt::format("'{}' of shape {} does not have the batch on axis 0", value(id), shape(id).to_string()));
    result.dims[0] = -1;
    result.dim_names.resize(result.dims.size());
    result.dim_names[0] = "batch";
    return result;
  }

  std::string constant(const std::string& what, TensorRef tensor) {
    std::string name = unique(name_ + "." + what);
    model_.constants[name] = std::move(tensor);
    return name;
  }

  void emit(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}) {
    model_.nodes.push_back({op, name_, std::move(inputs), {output()}, std::move(attributes)});
  }
  /// A node in front of the one that writes the output.
  std::string emit_before(const std::string& op, const std::string& what, std::vector<std::string> inputs) {
    std::string between = unique(name_ + "." + what);
    model_.nodes.push_back({op, unique_node(name_ + "." + what), std::move(inputs), {between}, {}});
    return between;
  }

  static Attributes window_attributes(const Window& window) {
    return {{"kernel_shape", window.kernel},
            {"strides", window.strides},
            {"dilations", window.dilations},
            {"pads", joined(window.pads_begin, window.pads_end)}};
  }

  void write(const Convolution& convolution) {
    std::vector<std::string> inputs = {input(0), constant("weight", convolution.weight)};
    if (convolution.bias) inputs.push_back(constant("bias", convolution.bias));
    Attributes attributes = window_attributes(convolution.window);
    attributes["group"] = convolution.groups;
    emit("Conv", std::move(inputs), std::move(attributes));
  }

  void write(const Dense& dense) {
    if (input_shape().rank() == 2) {
      std::vector<std::string> inputs = {input(0), constant("weight", dense.weight)};
      if (dense.bias) inputs.push_back(constant("bias", dense.bias));
      return emit("Gemm", std::move(inputs), {{"transB", int64_t{1}}});
    }
    std::vector<std::string> inputs = {input(0), constant("weight", transposed(*dense.weight))};
    if (!dense.bias) return emit("MatMul", std::move(inputs));
    const std::string product = emit_before("MatMul", "product", std::move(inputs));
    emit("Add", {product, constant("bias", dense.bias)});
  }

  void write(const MaxPool& pool) { emit("MaxPool", {input(0)}, window_attributes(pool.window)); }

  void write(const AveragePool& pool) {
    const Window& window = pool.window;
    if (std::ranges::any_of(window.dilations, [](int64_t d) { return d != 1; }))
      throw Error(ErrorKind::kUnsupportedModel,
                  fmt::format("AveragePool '{}' is dilated, which opset {} cannot say", node_->name, kOpset));
    const bool padding_counts = pool.count == AveragePool::Count::kPadding;
    const bool overhangs = padding_counts && pool.counted_end != window.pads_end;
    emit("AveragePool", {input(0)},
         {{"kernel_shape", window.kernel},
          {"strides", window.strides},
          {"pads", joined(window.pads_begin, overhangs ? pool.counted_end : window.pads_end)},
          {"ceil_mode", int64_t{overhangs}},
          {"count_include_pad", int64_t{padding_counts}}});
  }

  void write(const Reduce& reduce) {
    switch (reduce.kind) {
      case Reduce::Kind::kMean:
        return emit("ReduceMean", {input(0)}, {{"axes", reduce.axes}, {"keepdims", int64_t{1}}});
      case Reduce::Kind::kMax:
        return emit("ReduceMax", {input(0)}, {{"axes", reduce.axes}, {"keepdims", int64_t{1}}});
      case Reduce::Kind::kSum:
        return emit("ReduceSum", {input(0), constant("axes", integers(reduce.axes))}, {{"keepdims", int64_t{1}}});
    }
  }

  void write(const Activation& f) {
    const std::string op(name(f.kind));
    switch (f.kind) {
      case Activation::Kind::kClip:
        return emit(op, {input(0), constant("min", number(f.alpha)), constant("max", number(f.beta))});
      case Activation::Kind::kLeakyRelu:
      case Activation::Kind::kElu:
        return emit(op, {input(0)}, {{"alpha", f.alpha}});
      case Activation::Kind::kHardSigmoid:
        return emit(op, {input(0)}, {{"alpha", f.alpha}, {"beta", f.beta}});
      default:
        return emit(op, {input(0)});
    }
  }

  void write(const Affine& affine) {
    const std::string scaled = emit_before("Mul", "scaled", {input(0), constant("scale", affine.scale)});
    emit("Add", {scaled, constant("shift", affine.shift)});
  }
  void write(const Add& add) { emit(add.sign > 0 ? "Add" : "Sub", {input(0), input(1)}); }
  void write(const Multiply&) { emit("Mul", {input(0), input(1)}); }

  void write(const Concat& concat) {
    std::vector<std::string> inputs;
    for (const ValueId part : node_->inputs) inputs.push_back(value(part));
    emit("Concat", std::move(inputs), {{"axis", concat.axis}});
  }

  void write(const Slice& slice) {
    std::vector<int64_t> starts, ends, axes, steps;
    const Shape &from = input_shape(), &to = shape(node_->output);
    for (int64_t i = 0; i < from.rank(); ++i) {
      const auto axis = static_cast<size_t>(i);
      if (slice.begin[axis] == 0 && slice.step[axis] == 1 && from[i] == to[i]) continue;
      const int64_t end = slice.begin[axis] + to[i] * slice.step[axis];
      starts.push_back(slice.begin[axis]);
      ends.push_back(end >= 0 ? end : -from[i] - 1);  // before the first element, going backwards
      axes.push_back(i);
      steps.push_back(slice.step[axis]);
    }
    emit("Slice", {input(0), constant("starts", integers(starts)), constant("ends", integers(ends)),
                   constant("axes", integers(axes)), constant("steps", integers(steps))});
  }

  void write(const Pad& pad) {
    emit("Pad", {input(0), constant("pads", integers(joined(pad.begin, pad.end))), constant("value", number(pad.value))},
         {{"mode", std::string("constant")}});
  }

  /// Everything but axis 0 is a number; that is what the open batch makes of it.
  void write(const Reshape&) {
    std::vector<int64_t> dims = shape(node_->output).dims();
    dims.at(0) = -1;
    emit("Reshape", {input(0), constant("shape", integers(dims))});
  }
  void write(const Transpose& transpose) { emit("Transpose", {input(0)}, {{"perm", transpose.permutation}}); }
  void write(const Softmax& softmax) { emit("Softmax", {input(0)}, {{"axis", softmax.axis}}); }

  void write(const BatchNorm& norm) {
    emit("BatchNormalization",
         {input(0), constant("scale", norm.scale), constant("shift", norm.shift), constant("mean", norm.mean),
          constant("variance", norm.variance)},
         {{"epsilon", norm.epsilon}});
  }
  void write(const Dropout& dropout) { emit("Dropout", {input(0), constant("ratio", number(dropout.ratio))}); }

  const Graph& graph_;
  Model model_;
  std::set<std::string> taken_values_, taken_nodes_;
  std::vector<std::string> value_names_;
  const Node* node_ = nullptr;
  std::string name_;  ///< of the node being written
};

}  // namespace

Model to_model(const Graph& graph) {
  return Writer(graph).run();
}

}  // namespace relevid::graph
