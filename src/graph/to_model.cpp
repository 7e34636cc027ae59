// SPDX-License-Identifier: Apache-2.0
#include "graph/to_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <set>

#include "graph/expression.h"
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
                  fmt::format("'{}' of shape {} does not have the batch on axis 0", value(id),
                              shape(id).to_string()));
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
    const std::string product = unique(name_ + ".product");
    model_.nodes.push_back({"MatMul", name_, std::move(inputs), {product}, {}});  // which names the layer
    model_.nodes.push_back(
        {"Add", unique_node(name_ + ".biased"), {product, constant("bias", dense.bias)}, {output()}, {}});
  }

  void write(const TransposedConvolution& transposed) {
    const Window& window = transposed.of.window;
    std::vector<std::string> inputs = {input(0), constant("weight", transposed.of.weight)};
    if (transposed.bias) inputs.push_back(constant("bias", transposed.bias));
    std::vector<int64_t> beyond;  // what the last window leaves of the output
    for (size_t i = 0; i < window.kernel.size(); ++i) {
      const auto axis = static_cast<int64_t>(i) + 2;
      beyond.push_back(shape(node_->output)[axis] + window.pads_begin[i] + window.pads_end[i] -
                       (input_shape()[axis] - 1) * window.strides[i] -
                       (window.kernel[i] - 1) * window.dilations[i] - 1);
    }
    Attributes attributes = window_attributes(window);
    attributes["group"] = transposed.of.groups;
    attributes["output_padding"] = beyond;
    emit("ConvTranspose", std::move(inputs), std::move(attributes));
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
        return emit("ReduceSum", {input(0), constant("axes", integers(reduce.axes))},
                    {{"keepdims", int64_t{1}}});
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
      case Activation::Kind::kPower:
        return emit(
            "Pow", {f.beta == 0 ? input(0)
                                : emit_before("Add", "shifted", {input(0), constant("beta", number(f.beta))}),
                    constant("exponent", number(f.alpha))});
      case Activation::Kind::kGelu:
      case Activation::Kind::kGeluTanh:
        return write_gelu(f.kind);
      default:
        return emit(op, {input(0)});
    }
  }

  /// Gelu is an operator from opset 20 on: x times 0.5 (1 + erf(x / √2)), or with tanh in place of erf.
  void write_gelu(Activation::Kind kind) {
    std::string argument = input(0);
    double factor = 1 / std::numbers::sqrt2;
    if (kind == Activation::Kind::kGeluTanh) {
      const std::string cube = emit_before("Pow", "cube", {input(0), constant("three", number(3))});
      const std::string bent = emit_before("Mul", "bent", {cube, constant("bend", number(0.044715))});
      argument = emit_before("Add", "argument", {input(0), bent});
      factor = std::sqrt(2 / std::numbers::pi);
    }
    argument = emit_before("Mul", "scaled", {argument, constant("factor", number(factor))});
    const std::string below =
        emit_before(kind == Activation::Kind::kGelu ? "Erf" : "Tanh", "squashed", {argument});
    const std::string lifted = emit_before("Add", "lifted", {below, constant("one", number(1))});
    const std::string gate = emit_before("Mul", "gate", {lifted, constant("half", number(0.5))});
    emit("Mul", {input(0), gate});
  }
  void write(const PRelu& prelu) { emit("PRelu", {input(0), constant("slope", prelu.slope)}); }

  /// What `recognise_norms` makes one of again; the scale and shift that follow are merged into it.
  void write(const Standardise& norm) {
    const auto mean_of = [&](const std::string& of, const std::string& what) {
      std::string mean = emit_before("ReduceMean", what, {of});
      model_.nodes.back().attributes = {{"axes", norm.axes}, {"keepdims", int64_t{1}}};
      return mean;
    };
    const bool centres = norm.centring == Centring::kMean;
    const std::string centred =
        centres ? emit_before("Sub", "centred", {input(0), mean_of(input(0), "mean")}) : input(0);
    const std::string variance = mean_of(emit_before("Mul", "square", {centred, centred}), "variance");
    const std::string above_zero =
        emit_before("Add", "above_zero", {variance, constant("epsilon", number(norm.epsilon))});
    const std::string deviation = emit_before("Sqrt", "deviation", {above_zero});
    if (!norm.scale && !norm.shift) return emit("Div", {centred, deviation});
    std::string y = emit_before("Div", "standardised", {centred, deviation});
    if (norm.scale && !norm.shift) return emit("Mul", {y, constant("scale", norm.scale)});
    if (norm.scale) y = emit_before("Mul", "scaled", {y, constant("scale", norm.scale)});
    emit("Add", {y, constant("shift", norm.shift)});
  }

  /// What `recognise_attention` makes one of again. Constant biases go over stacks in the batch and their
  /// period.
  void write(const Attention& attention) {
    std::string scores = emit_before("MatMul", "scores", {input(0), input(1)});
    scores = emit_before("Mul", "scaled", {scores, constant("scale", number(attention.scale))});
    if (node_->inputs.size() > 3) scores = emit_before("Add", "biased", {scores, input(3)});
    const auto reshaped = [&](const std::string& what, const std::string& x,
                              const std::vector<int64_t>& dims) {
      return emit_before("Reshape", what, {x, constant(what + "_shape", integers(dims))});
    };
    for (const auto& [values, repeat] : attention.biases) {
      const Shape& bias = values->shape();
      scores = reshaped("stacks", scores, {-1, bias[0], repeat, bias[1], bias[2]});
      TensorRef broadcast = share(values->clone().reshaped(Shape{bias[0], 1, bias[1], bias[2]}));
      scores = emit_before("Add", "with_constant", {scores, constant("bias", std::move(broadcast))});
      scores = reshaped("stacked", scores, {-1, bias[1], bias[2]});
    }
    const std::string weights = emit_before("Softmax", "weights", {scores});
    model_.nodes.back().attributes = {{"axis", int64_t{-1}}};
    emit("MatMul", {weights, input(2)});
  }

  void write(const Affine& affine) {
    if (single_number(*affine.shift) == 0.0) return emit("Mul", {input(0), constant("scale", affine.scale)});
    const std::string scaled =
        single_number(*affine.scale) == 1.0
            ? input(0)
            : emit_before("Mul", "scaled", {input(0), constant("scale", affine.scale)});
    emit("Add", {scaled, constant("shift", affine.shift)});
  }
  void write(const Add& add) { emit(add.sign > 0 ? "Add" : "Sub", {input(0), input(1)}); }
  void write(const Multiply&) { emit("Mul", {input(0), input(1)}); }
  void write(const MatMul&) { emit("MatMul", {input(0), input(1)}); }

  /// A selection as Gather; anything else as a product with a matrix, along the last axis.
  void write(const Resample& resample) {
    if (resample.selects()) {
      std::vector<int64_t> indices;
      for (const auto& tap : resample.taps) indices.push_back(tap.from);
      return emit("Gather", {input(0), constant("indices", integers(indices))}, {{"axis", resample.axis}});
    }
    const int64_t from = input_shape()[resample.axis], to = shape(node_->output)[resample.axis];
    Tensor matrix(Shape{from, to}, DType::kF32);
    for (const auto& tap : resample.taps)
      matrix.values<float>()[static_cast<size_t>(tap.from * to + tap.to)] = static_cast<float>(tap.weight);
    std::vector<int64_t> swapped(static_cast<size_t>(input_shape().rank()));
    std::iota(swapped.begin(), swapped.end(), int64_t{0});
    std::swap(swapped[static_cast<size_t>(resample.axis)], swapped.back());
    const std::string last = emit_before("Transpose", "last", {input(0)});
    model_.nodes.back().attributes = {{"perm", swapped}};
    const std::string product =
        emit_before("MatMul", "product", {last, constant("matrix", share(std::move(matrix)))});
    emit("Transpose", {product}, {{"perm", swapped}});
  }

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
    emit("Pad",
         {input(0), constant("pads", integers(joined(pad.begin, pad.end))),
          constant("value", number(pad.value))},
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
  void write(const Dropout& dropout) {
    emit("Dropout", {input(0), constant("ratio", number(dropout.ratio))});
  }

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
