// SPDX-License-Identifier: Apache-2.0
#include "explain/exactness.h"

#include <fmt/format.h>

#include "base/overloaded.h"

namespace relevid {
namespace {

ProductRule product_rule(const std::optional<NodeRule>& rule) {
  const auto* product = rule ? std::get_if<ProductRule>(&*rule) : nullptr;
  return product ? *product : ProductRule::kSignal;
}

/// Whether relevance reaches a value from the output: gates and the weights of an attention get none.
std::vector<char> reached(const graph::Graph& graph, std::span<const std::optional<NodeRule>> rules) {
  std::vector<char> result(graph.values.size(), 0);
  result[static_cast<size_t>(graph.output)] = 1;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const graph::Node& node = graph.nodes[i];
    if (result[static_cast<size_t>(node.output)] == 0) continue;
    const auto* product = std::get_if<graph::Multiply>(&node.op);
    const auto* matrices = std::get_if<graph::MatMul>(&node.op);
    const int constant = product ? product->gate : matrices ? matrices->weights : -1;
    const bool halves = product_rule(rules[i]) == ProductRule::kHalf;
    const bool attends = std::holds_alternative<graph::Attention>(node.op);
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      const bool gets_none = attends ? k != 2 : static_cast<int>(k) == constant;
      if (halves || !gets_none) result[static_cast<size_t>(node.inputs[k])] = 1;
    }
  }
  return result;
}

std::string of_product(bool matrices, bool symmetric, ProductRule rule) {
  if (rule != ProductRule::kSignal && rule != ProductRule::kSameSign && rule != ProductRule::kHalf)
    return "";  // they are about no function
  const bool halves = symmetric || rule == ProductRule::kHalf;
  if (!matrices)
    return halves ? "product of two branches: half to each factor"
                  : "product with a gate: the gate counts as a constant";
  if (halves) return "product of two computed matrices: half to each (AttnLRP, proposition 3.3)";
  return "attention-weighted sum: the weights count as constants (value path)";
}

std::string of_attention(ProductRule rule) {
  if (rule == ProductRule::kHalf)
    return "attention: half to each operand of a product, softmax by its Taylor decomposition (AttnLRP, "
           "propositions 3.3 and 3.1), which does not conserve";
  return of_product(true, false, rule);
}

bool is_linear(const std::optional<NodeRule>& rule) {
  const auto* norm = rule ? std::get_if<NormRule>(&*rule) : nullptr;
  return norm && *norm == NormRule::kLinear;
}

std::string reason(const graph::Operator& op, const std::optional<NodeRule>& rule) {
  return std::visit(
      Overloaded{
          [](const Activation& f) {
            if (is_piecewise_linear(f)) return std::string();
            return fmt::format("{} is not piecewise linear: relevance passes as it is", name(f.kind));
          },
          [&](const graph::Multiply& product) {
            return of_product(false, product.gate < 0, product_rule(rule));
          },
          [&](const graph::MatMul& product) {
            return of_product(true, product.weights < 0, product_rule(rule));
          },
          [&](const graph::Attention&) { return of_attention(product_rule(rule)); },
          [](const graph::Softmax&) -> std::string {
            return "softmax: Taylor decomposition at its input (AttnLRP, proposition 3.1), which does not "
                   "conserve";
          },
          [&](const graph::Standardise&) -> std::string {
            return is_linear(rule)
                       ? "normalisation over axes: the deviation counts as a constant"
                       : "normalisation over axes: mean and deviation count as constants, relevance "
                         "passes as it is";
          },
          [&](const graph::Affine&) -> std::string {
            return is_linear(rule) ? ""
                                   : "constants that are not merged into a layer: relevance passes as it is";
          },
          [](const OneOf<graph::Convolution, graph::TransposedConvolution, graph::Dense, graph::MaxPool,
                         graph::AveragePool, graph::Reduce, graph::Resample, graph::PRelu, graph::Add,
                         graph::BatchNorm, graph::Dropout, graph::Concat, graph::Slice, graph::Pad,
                         graph::Reshape, graph::Transpose> auto&) -> std::string { return ""; }},
      op);
}

}  // namespace

std::vector<std::string> what_is_not_exact(const graph::Graph& graph,
                                           std::span<const std::optional<NodeRule>> rules) {
  const auto gets_relevance = reached(graph, rules);
  std::vector<std::string> reasons;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    reasons.push_back(gets_relevance[static_cast<size_t>(node.output)] != 0 ? reason(node.op, rules[i]) : "");
  }
  return reasons;
}

std::map<std::string, std::vector<size_t>> by_reason(std::span<const std::string> reasons) {
  std::map<std::string, std::vector<size_t>> result;
  for (size_t i = 0; i < reasons.size(); ++i) {
    if (!reasons[i].empty()) result[reasons[i]].push_back(i);
  }
  return result;
}

std::string describe(const graph::Operator& op, const std::optional<NodeRule>& rule) {
  return std::visit(
      Overloaded{
          [](const graph::Softmax&) -> std::string { return "Taylor"; },
          [&](const OneOf<graph::MatMul, graph::Attention> auto&) -> std::string {
            return rule && product_rule(rule) == ProductRule::kSignal ? "value path" : describe(rule);
          },
          [&](const OneOf<graph::Convolution, graph::TransposedConvolution, graph::Dense, graph::MaxPool,
                          graph::AveragePool, graph::Reduce, graph::Resample, Activation, graph::PRelu,
                          graph::Standardise, graph::Affine, graph::Add, graph::Multiply, graph::BatchNorm,
                          graph::Dropout, graph::Concat, graph::Slice, graph::Pad, graph::Reshape,
                          graph::Transpose> auto&) { return describe(rule); }},
      op);
}

}  // namespace relevid
