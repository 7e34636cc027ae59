// SPDX-License-Identifier: Apache-2.0
#include "graph/specialise.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <set>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/simplify.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

using Lower = void (*)(Builder&, const ModelNode&);

const std::map<std::string, Lower>& lowerings() {
  static const std::map<std::string, Lower> table = {
      {"Conv", lower_convolution},
      {"ConvTranspose", lower_transposed_convolution},
      {"Gemm", lower_gemm},
      {"MatMul", lower_matmul},
      {"BatchNormalization", lower_batch_norm},
      {"LayerNormalization", lower_layer_norm},
      {"InstanceNormalization", lower_instance_norm},
      {"GroupNormalization", lower_group_norm},
      {"MaxPool", lower_max_pool},
      {"AveragePool", lower_average_pool},
      {"GlobalAveragePool", lower_global_pool},
      {"GlobalMaxPool", lower_global_pool},
      {"ReduceMean", lower_reduce},
      {"ReduceSum", lower_reduce},
      {"ReduceMax", lower_reduce},
      {"Relu", lower_activation},
      {"LeakyRelu", lower_activation},
      {"Sigmoid", lower_activation},
      {"HardSigmoid", lower_activation},
      {"HardSwish", lower_activation},
      {"Tanh", lower_activation},
      {"Elu", lower_activation},
      {"Gelu", lower_activation},
      {"Erf", lower_activation},
      {"Exp", lower_activation},
      {"Sqrt", lower_activation},
      {"Reciprocal", lower_activation},
      {"Pow", lower_power},
      {"Neg", lower_negative},
      {"PRelu", lower_prelu},
      {"Clip", lower_clip},
      {"Add", lower_arithmetic},
      {"Sub", lower_arithmetic},
      {"Mul", lower_arithmetic},
      {"Div", lower_arithmetic},
      {"Sum", lower_sum},
      {"Where", lower_where},
      {"Einsum", lower_einsum},
      {"Softmax", lower_softmax},
      {"Identity", lower_identity},
      {"Dropout", lower_dropout},
      {"Cast", lower_cast},
      {"Concat", lower_concat},
      {"Split", lower_split},
      {"Slice", lower_slice},
      {"Gather", lower_gather},
      {"Pad", lower_pad},
      {"Reshape", lower_reshape},
      {"Flatten", lower_reshape},
      {"Squeeze", lower_reshape},
      {"Unsqueeze", lower_reshape},
      {"Transpose", lower_transpose},
      {"Expand", lower_expand},
      {"Resize", lower_resize},
      {"Upsample", lower_resize},
  };
  return table;
}

/// Operators that only ever stand in constant arithmetic, about shapes or weights.
bool is_constant_only(const std::string& op) {
  static const std::set<std::string> kOps = {"Constant",  "ConstantOfShape",
                                             "Shape",     "Size",
                                             "Range",     "Equal",
                                             "Less",      "Greater",
                                             "And",       "Or",
                                             "Not",       "Abs",
                                             "Min",       "Max",
                                             "Floor",     "Ceil",
                                             "ReduceProd"};
  return kOps.contains(op);
}

/// Why relevid cannot take a node whatever its inputs are; nothing where it may.
std::optional<std::string> refusal(const ModelNode& node) {
  if (!lowerings().contains(node.op) && !is_constant_only(node.op)) return "operator not supported";
  if (!node.unreadable.empty()) return node.unreadable;
  return std::nullopt;
}

/// Defines the node's outputs where they are constants.
bool fold_constants(Builder& builder, const ModelNode& node) {
  const bool constant = std::ranges::all_of(
      node.inputs, [&](const std::string& name) { return name.empty() || builder.is_constant(name); });
  std::vector<Tensor> results;
  if (constant) {
    results = evaluate(node, builder.constants(node));
  } else if (node.op == "Shape" || node.op == "Size") {  // of a computed value, whose shape is known by now
    results.push_back(*evaluate_shape(node, builder.shape(builder.value(node, 0))));
  }
  for (size_t i = 0; i < results.size(); ++i)
    builder.define(node.outputs.at(i), share(std::move(results[i])));
  return !results.empty();
}

void lower_node(Builder& builder, const ModelNode& node) {
  if (node.outputs.empty())
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: a node without outputs", node.label()));
  if (fold_constants(builder, node)) return;
  const auto found = lowerings().find(node.op);
  if (found == lowerings().end()) reject("supported on constants only");
  found->second(builder, node);
}

void define_inputs(Builder& builder, const std::map<std::string, Shape>& input_shapes) {
  for (const ModelValue& input : builder.model().inputs) {
    const auto found = input_shapes.find(input.name);
    if (found == input_shapes.end()) {
      throw Error(ErrorKind::kInvalidArgument, fmt::format("no shape was given for input '{}'", input.name));
    }
    const Shape& shape = found->second;
    bool fits = shape.rank() == static_cast<int64_t>(input.dims.size());
    for (int64_t i = 0; fits && i < shape.rank(); ++i) {
      const int64_t declared = input.dims[static_cast<size_t>(i)];
      fits = shape[i] > 0 && (declared < 0 || declared == shape[i]);
    }
    if (!fits && !input.dims.empty()) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("input '{}' takes {}, and was given {}", input.name,
                              Shape(input.dims).to_string(), shape.to_string()));
    }
    builder.add_input(input.name, shape);
  }
}

/// The way through the file's nodes, which goes on after a node that cannot be taken, so that all such nodes
/// are found at once.
class Walk {
 public:
  Walk(Builder& builder, const std::map<std::string, Shape>& input_shapes)
      : builder_(builder), nodes_(builder.model().nodes) {
    try {
      define_inputs(builder, input_shapes);
    } catch (const Error&) {
      failure_ = std::current_exception();
    }
    for (size_t i = 0; i < nodes_.size(); ++i) visit(i);
  }

  /// Throws the list of nodes that cannot be taken, or else the first error of another kind, if any.
  void require_success() const {
    if (!problems_.empty()) throw_problems();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void visit(size_t index) {
    const ModelNode& node = nodes_[index];
    if (auto reason = refusal(node)) {
      problems_[index] = std::move(*reason);
      return;
    }
    if (!all_inputs_known(node)) {
      ++unseen_;
      return;
    }
    try {
      lower_node(builder_, node);
      for (const auto& output : node.outputs) {
        if (!builder_.is_known(output)) left_out_[output] = index;
      }
    } catch (const Rejected& rejected) {
      problems_[index] = rejected.reason;
    } catch (const Error&) {
      if (!failure_) failure_ = std::current_exception();
    }
  }

  /// An output that is left out (a dropout's mask, a pooling's indices) is a problem once something reads it.
  bool all_inputs_known(const ModelNode& node) {
    bool known = true;
    for (const auto& name : node.inputs) {
      if (name.empty() || builder_.is_known(name)) continue;
      known = false;
      if (const auto writer = left_out_.find(name); writer != left_out_.end())
        problems_[writer->second] =
            fmt::format("its output '{}' is read, and only the first is computed", name);
    }
    return known;
  }

  [[noreturn]] void throw_problems() const {
    std::string list;
    for (const auto& [index, reason] : problems_)
      list += fmt::format("\n  {}: {}", nodes_[index].label(), reason);
    if (unseen_ > 0)
      list +=
          fmt::format("\n{} more node{} after such could not be looked at", unseen_, unseen_ == 1 ? "" : "s");
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the model holds {} node{} that relevid cannot take:{}", problems_.size(),
                            problems_.size() == 1 ? "" : "s", list));
  }

  Builder& builder_;
  const std::vector<ModelNode>& nodes_;
  std::map<size_t, std::string> problems_;  ///< by the node's place in the file
  std::map<std::string, size_t> left_out_;  ///< outputs that no lowering defines, and their writers
  int64_t unseen_ = 0;                      ///< nodes that read what a rejected one would have written
  std::exception_ptr failure_;
};

}  // namespace

std::vector<std::string> unsupported_nodes(const Model& model) {
  std::vector<std::string> labels;
  for (const ModelNode& node : model.nodes) {
    if (refusal(node)) labels.push_back(node.label());
  }
  return labels;
}

Graph specialise(const Model& model, const std::map<std::string, Shape>& input_shapes, Mode mode) {
  if (model.outputs.empty()) throw Error(ErrorKind::kUnsupportedModel, "the model has no output");
  Builder builder(model, mode);
  for (const auto& [name, tensor] : model.constants) builder.define(name, tensor);
  Walk(builder, input_shapes).require_success();

  const std::string& output = model.outputs.front().name;
  builder.graph().output = builder.find(output);
  if (builder.graph().output < 0)
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("output '{}' does not depend on the input", output));
  Graph graph = simplify(std::move(builder.graph()));
  if (graph.nodes.empty())
    throw Error(ErrorKind::kUnsupportedModel, fmt::format("output '{}' is the input itself", output));
  return graph;
}

}  // namespace relevid::graph
