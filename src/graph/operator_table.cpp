// SPDX-License-Identifier: Apache-2.0
#include "graph/operator_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "graph/builder.h"
#include "graph/evaluate.h"
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
      {"CastLike", lower_cast_like},
      {"IsNaN", lower_guard},
      {"IsInf", lower_guard},
      {"Max", lower_extremum},
      {"Min", lower_extremum},
      {"Tile", lower_tile},
      {"GatherND", lower_gather_nd},
      {"GatherElements", lower_gather_elements},
      {"ScatterND", lower_scatter_nd},
      {"ReduceL2", lower_l2_norm},
      {"ReduceSumSquare", lower_l2_norm},
      {"LpNormalization", lower_l2_norm},
      {"Attention", lower_attention},
      {"RotaryEmbedding", lower_rotary_embedding},
      {"RMSNormalization", lower_rms_norm},
      {"SimplifiedLayerNormalization", lower_rms_norm},
      {"Swish", lower_swish},
      {"SequenceEmpty", lower_sequence_construct},
      {"SequenceConstruct", lower_sequence_construct},
      {"SequenceInsert", lower_sequence_insert},
      {"SequenceErase", lower_sequence_erase},
      {"SequenceAt", lower_sequence_at},
      {"SequenceLength", lower_sequence_length},
      {"SplitToSequence", lower_split_to_sequence},
      {"ConcatFromSequence", lower_concat_from_sequence},
      {"QuantizeLinear", lower_quantize},
      {"DequantizeLinear", lower_dequantize},
      {"DynamicQuantizeLinear", lower_integer_arithmetic},
      {"QLinearConv", lower_integer_arithmetic},
      {"QLinearMatMul", lower_integer_arithmetic},
      {"ConvInteger", lower_integer_arithmetic},
      {"MatMulInteger", lower_integer_arithmetic},
      {"com.microsoft::Gelu", lower_bias_gelu},
      {"com.microsoft::FastGelu", lower_bias_gelu},
      {"com.microsoft::BiasGelu", lower_bias_gelu},
      {"com.microsoft::QuickGelu", lower_swish},
      {"com.microsoft::SkipLayerNormalization", lower_skip_norm},
      {"com.microsoft::SkipSimplifiedLayerNormalization", lower_skip_norm},
      {"com.microsoft::FusedMatMul", lower_fused_matmul},
      {"com.microsoft::FusedConv", lower_fused_convolution},
      {"com.microsoft::MultiHeadAttention", lower_multi_head_attention},
      {"com.microsoft::Attention", lower_microsoft_attention},
  };
  return table;
}

/// Operators that only ever stand in constant arithmetic, about shapes or weights.
bool is_constant_only(const std::string& op) {
  static const std::set<std::string> kOps = {"Constant",
                                             "ConstantOfShape",
                                             "Shape",
                                             "Size",
                                             "Range",
                                             "Equal",
                                             "Less",
                                             "LessOrEqual",
                                             "Greater",
                                             "GreaterOrEqual",
                                             "And",
                                             "Or",
                                             "Xor",
                                             "Not",
                                             "Abs",
                                             "Sign",
                                             "Floor",
                                             "Ceil",
                                             "Round",
                                             "Mod",
                                             "Log",
                                             "Sin",
                                             "Cos",
                                             "Tan",
                                             "Asin",
                                             "Acos",
                                             "Atan",
                                             "Softplus",
                                             "ReduceProd",
                                             "ReduceMin",
                                             "ScatterElements",
                                             "Trilu",
                                             "CumSum",
                                             "NonZero"};
  return kOps.contains(op);
}

/// About what computing a constant takes: a product of matrices more than its elements.
int64_t operations(const ModelNode& node, std::span<const TensorRef> inputs, const Tensor& result) {
  const bool product = node.op == "MatMul" && inputs[0]->shape().rank() > 0;
  return result.elements() * (product ? inputs[0]->shape()[inputs[0]->shape().rank() - 1] : 1);
}

/// Defines the node's outputs where they are constants.
bool fold_constants(Builder& builder, const ModelNode& node) {
  const bool constant = std::ranges::all_of(
      node.inputs, [&](const std::string& name) { return name.empty() || builder.is_constant(name); });
  std::vector<Tensor> results;
  const bool flattens = node.op == "Softmax" && builder.model().opset < 13;
  if (constant && !flattens) {
    const auto inputs = builder.constants(node);
    builder.count_work(node, 1);
    results = evaluate(node, inputs);
    for (const Tensor& result : results) builder.count_work(node, operations(node, inputs, result));
  } else if (node.op == "Shape" || node.op == "Size") {  // of a computed value, whose shape is known by now
    results.push_back(*evaluate_shape(node, builder.shape(builder.value(node, 0))));
  }
  for (size_t i = 0; i < results.size(); ++i)
    builder.define(node.outputs.at(i), share(std::move(results[i])));
  return !results.empty();
}

}  // namespace

std::optional<std::string> refusal(const ModelNode& node) {
  const bool chooses = node.op == "If" || node.op == "Loop";  // see Walk
  if (!chooses && !lowerings().contains(node.op) && !is_constant_only(node.op))
    return "operator not supported";
  if (!node.unreadable.empty()) return node.unreadable;
  return std::nullopt;
}

void lower_node(Builder& builder, const ModelNode& node) {
  if (node.outputs.empty())
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: a node without outputs", node.label()));
  if (fold_constants(builder, node)) return;
  const auto found = lowerings().find(node.op);
  if (found == lowerings().end()) reject("supported on constants only");
  found->second(builder, node);
}

}  // namespace relevid::graph
