// SPDX-License-Identifier: Apache-2.0
// Operators that stand for several others: newer ones of ONNX, and those that ONNX Runtime's optimisers write
// (domain com.microsoft).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "graph/attention_parts.h"
#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/expansion.h"

namespace relevid::graph {
namespace {

using Attributes = Expansion::Attributes;

/// The attributes of these names that the node has.
Attributes some_of(const ModelNode& node, std::initializer_list<const char*> names) {
  Attributes result;
  for (const char* name : names) {
    const auto found = node.attributes.find(name);
    if (found != node.attributes.end()) result.insert(*found);
  }
  return result;
}

/// Several operands added up, those that are absent left out.
std::string sum_of(Expansion& expand, std::initializer_list<std::string> terms) {
  std::string sum;
  for (const std::string& term : terms) {
    if (!term.empty()) sum = sum.empty() ? term : expand("Add", {sum, term});
  }
  return sum;
}

/// x over the root of the mean of its squares over the axes from `axis` on, times the scale.
std::string emit_rms_norm(Expansion& expand, const ModelNode& node, const std::string& x,
                          const std::string& scale) {
  const Shape shape = expand.shape(x);
  const int64_t axis = resolve_axis(node, node.integer("axis", -1), shape.rank());
  const double epsilon = node.number("epsilon", 1e-5);
  if (!(epsilon >= 0)) reject(fmt::format("an epsilon of {}", epsilon));
  std::vector<int64_t> axes(static_cast<size_t>(shape.rank() - axis));
  std::iota(axes.begin(), axes.end(), axis);
  const std::string squares = expand("Pow", {x, expand.number(2)});
  const std::string mean = expand("ReduceMean", {squares}, {{"axes", axes}, {"keepdims", int64_t{1}}});
  const std::string root = expand("Sqrt", {expand("Add", {mean, expand.number(epsilon)})});
  return expand("Mul", {expand("Div", {x, root}), scale});
}

/// Numbers `begin` to `end` along the last axis.
std::string slice_last(Expansion& expand, const std::string& x, int64_t begin, int64_t end) {
  return expand("Slice", {x, expand.ints({begin}), expand.ints({end}), expand.ints({-1})});
}

/// Of queries, keys and values [batch, tokens, heads * size].
void finish_microsoft_attention(Expansion& expand, const ModelNode& node, std::string q, std::string k,
                                std::string v, const std::string& mask) {
  const int64_t heads = node.integer("num_heads", 0);
  const Shape shape = expand.shape(q);
  if (shape.rank() != 3 || heads < 1 || shape[2] % heads != 0)
    reject(fmt::format("{} heads of queries {}", heads, shape.to_string()));
  if (node.integer("unidirectional", 0) != 0) reject("unidirectional = 1");
  AttentionParts parts{
      split_heads(expand, q, heads), split_heads(expand, k, heads), split_heads(expand, v, heads), 1, 0, {}};
  const double scale = node.number("scale", 0);
  parts.scale = scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(shape[2] / heads));
  if (!mask.empty()) parts.masks.push_back(mask);
  expand.finish(merge_heads(expand, emit_attention(expand, parts)));
}

void reject_inputs(const ModelNode& node, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    if (node.has_input(i)) reject(fmt::format("its input {}", i));
  }
}

}  // namespace

void lower_rms_norm(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  expand.finish(emit_rms_norm(expand, node, expand.required(0), expand.required(1)));
}

/// x sigmoid(alpha x).
void lower_swish(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  const std::string x = expand.required(0);
  const double alpha = node.number("alpha", node.op == "Swish" ? 1 : 1.702);  // QuickGelu's
  const std::string scaled = alpha == 1 ? x : expand("Mul", {x, expand.number(alpha)});
  expand.finish(expand("Mul", {x, expand("Sigmoid", {scaled})}));
}

/// A root of squares, with or without x divided by it.
void lower_l2_norm(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  const std::string x = expand.required(0), squares = expand("Pow", {x, expand.number(2)});
  if (node.op == "LpNormalization") {
    if (node.integer("p", 2) != 2) reject(fmt::format("p = {}; 2 is taken", node.integer("p", 2)));
    const std::string sum = expand("ReduceSum", {squares, expand.ints({node.integer("axis", -1)})});
    return expand.finish(expand("Div", {x, expand("Sqrt", {sum})}));
  }
  std::vector<std::string> inputs = {squares};
  if (node.has_input(1)) inputs.push_back(expand.input(1));
  const std::string sum =
      expand("ReduceSum", inputs, some_of(node, {"axes", "keepdims", "noop_with_empty_axes"}));
  expand.finish(node.op == "ReduceL2" ? expand("Sqrt", {sum}) : sum);
}

void lower_bias_gelu(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  Attributes attributes;
  if (node.op == "com.microsoft::FastGelu") attributes["approximate"] = std::string("tanh");
  expand.finish(expand("Gelu", {sum_of(expand, {expand.required(0), expand.input(1)})}, attributes));
}

/// A sum, which is the fourth output, and a norm of it.
void lower_skip_norm(Builder& builder, const ModelNode& node) {
  Expansion expand(builder, node);
  const bool simplified = node.op == "com.microsoft::SkipSimplifiedLayerNormalization";
  const std::string sum =
      sum_of(expand, {expand.required(0), expand.required(1), expand.input(simplified ? 3 : 4)});
  if (simplified) {
    expand.finish(emit_rms_norm(expand, node, sum, expand.required(2)));
  } else {
    expand.finish(
        expand("LayerNormalization", {sum, expand.required(2), expand.input(3)}, some_of(node, {"epsilon"})));
  }
  if (node.outputs.size() > 3) expand.define(node.outputs[3], sum);
}

void lower_fused_matmul(Builder& builder, const ModelNode& node) {
  if (node.integer("transBatchA", 0) != 0 || node.integer("transBatchB", 0) != 0)
    reject("a transposed batch");
  Expansion expand(builder, node);
  const auto operand = [&](size_t i, const char* transposes) {
    const std::string x = expand.required(i);
    const int64_t rank = expand.shape(x).rank();
    if (node.integer(transposes, 0) == 0 || rank < 2) return x;
    std::vector<int64_t> permutation(static_cast<size_t>(rank));
    std::iota(permutation.begin(), permutation.end(), int64_t{0});
    std::swap(permutation[permutation.size() - 2], permutation.back());
    return expand("Transpose", {x}, {{"perm", permutation}});
  };
  const std::string y = expand("MatMul", {operand(0, "transA"), operand(1, "transB")});
  const double alpha = node.number("alpha", 1);
  expand.finish(alpha == 1 ? y : expand("Mul", {y, expand.number(alpha)}));
}

/// A convolution, what is added to it, and a rectifier or the like.
void lower_fused_convolution(Builder& builder, const ModelNode& node) {
  const std::string activation = node.text("activation", "");
  if (!activation.empty() && activation != "Relu" && activation != "Sigmoid" && activation != "Tanh")
    reject(fmt::format("activation '{}'", activation));
  Expansion expand(builder, node);
  const std::string conv =
      expand("Conv", {expand.required(0), expand.required(1), expand.input(2)},
             some_of(node, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}));
  const std::string sum = sum_of(expand, {conv, expand.input(3)});
  expand.finish(activation.empty() ? sum : expand(activation, {sum}));
}

void lower_multi_head_attention(Builder& builder, const ModelNode& node) {
  reject_inputs(node, 4, 5);
  reject_inputs(node, 6, 10);
  if (!node.has_input(1) || !node.has_input(2)) reject("queries, keys and values in one input");
  Expansion expand(builder, node);
  std::string q = expand.required(0), k = expand.required(1), v = expand.required(2);
  if (expand.shape(k).rank() != 3 || expand.shape(v).rank() != 3)
    reject("keys or values of other than 3 axes");
  if (node.has_input(3)) {
    const std::string bias = expand.input(3);
    int64_t begin = 0;
    for (std::string* x : {&q, &k, &v}) {
      const int64_t size = expand.shape(*x)[expand.shape(*x).rank() - 1];
      *x = expand("Add", {*x, slice_last(expand, bias, begin, begin + size)});
      begin += size;
    }
  }
  finish_microsoft_attention(expand, node, q, k, v, expand.input(5));
}

/// With the three projections inside.
void lower_microsoft_attention(Builder& builder, const ModelNode& node) {
  reject_inputs(node, 3, 5);
  reject_inputs(node, 6, 7);
  Expansion expand(builder, node);
  const std::string all =
      sum_of(expand, {expand("MatMul", {expand.required(0), expand.required(1)}), expand.input(2)});
  const Shape shape = expand.shape(all);
  const int64_t third = shape[shape.rank() - 1] / 3;
  auto sizes = node.integers("qkv_hidden_sizes", {third, third, third});
  if (sizes.size() != 3 || std::ranges::any_of(sizes, [&](int64_t s) { return s < 1 || s > 3 * third; }))
    throw_corrupt(node, "sizes of queries, keys and values");
  finish_microsoft_attention(expand, node, slice_last(expand, all, 0, sizes[0]),
                             slice_last(expand, all, sizes[0], sizes[0] + sizes[1]),
                             slice_last(expand, all, sizes[0] + sizes[1], sizes[0] + sizes[1] + sizes[2]),
                             expand.input(5));
}

/// Arithmetic on whole numbers has no relevance; the same network in the QDQ form has.
void lower_integer_arithmetic(Builder&, const ModelNode&) {
  reject(
      "arithmetic on whole numbers; quantise the model in the QDQ form (QuantizeLinear and DequantizeLinear "
      "around floating-point operators), or take the model from before it was quantised");
}

}  // namespace relevid::graph
