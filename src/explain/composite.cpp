// SPDX-License-Identifier: Apache-2.0
#include "explain/composite.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>

#include <algorithm>

#include "base/overloaded.h"
#include "base/suggest.h"
#include "graph/operator_traits.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using Position = Match::Position;

Match operators(std::vector<std::string> names, Position position = Position::kAnywhere) {
  return {std::move(names), "", position};
}

Match first_layers() {
  return operators({"Convolution", "TransposedConvolution", "Dense"}, Position::kFirst);
}

/// How sums and averages share: by contribution, or without changing the sign.
enum class Sums { kNorm, kSameSign };

std::vector<CompositeEntry> common_entries(Sums sums) {
  const bool norm = sums == Sums::kNorm;
  return {{operators({"AveragePool", "Reduce", "Resample"}), norm ? norm_rule() : same_sign_rule()},
          {operators({"MaxPool", "Reduce"}), PoolingRule::kWinner},
          {operators({"Add"}), norm ? AdditionRule::kNorm : AdditionRule::kSameSign},
          {operators({"Standardise"}), norm ? NormRule::kLinear : NormRule::kPass},
          {operators({"Affine"}), NormRule::kPass},
          {operators({"Attention"}), norm ? ProductRule::kSignal : ProductRule::kSameSign},
          {operators({"Multiply", "MatMul"}), ProductRule::kSignal}};
}

Composite composite(std::string name, std::optional<Rule> first, Rule convolution, Rule dense,
                    Sums sums = Sums::kNorm) {
  Composite result{std::move(name), {}};
  if (first) result.entries.push_back({first_layers(), std::move(*first)});
  result.entries.push_back({operators({"Convolution", "TransposedConvolution"}), std::move(convolution)});
  result.entries.push_back({operators({"Dense"}), std::move(dense)});
  for (auto& entry : common_entries(sums)) result.entries.push_back(std::move(entry));
  return result;
}

/// Constants that are added absorb their share, and products go as they are told to.
std::vector<CompositeEntry> transformer_entries(ProductRule gates, ProductRule matrices) {
  std::vector<CompositeEntry> entries = {{operators({"Affine"}), NormRule::kLinear},
                                         {operators({"Multiply"}), gates},
                                         {operators({"MatMul", "Attention"}), matrices}};
  for (auto& entry : common_entries(Sums::kNorm)) entries.push_back(std::move(entry));
  return entries;
}

/// Achtibat et al. 2024, CP-LRP: the weights of an attention count as constants, as in their examples for
/// images; γ in the layers, without which relevance of deep transformers is noise.
Composite value_path() {
  Composite result{"value_path",
                   {{operators({"Convolution", "TransposedConvolution"}), gamma_rule(0.25)},
                    {operators({"Dense"}), gamma_rule(0.05)}}};
  return result.followed_by(transformer_entries(ProductRule::kSignal, ProductRule::kSignal));
}

/// Achtibat et al. 2024 (arXiv 2402.05602), section 3: epsilon in the layers, halves to the operands of
/// products.
Composite attnlrp() {
  Composite result{"attnlrp",
                   {{operators({"Convolution", "TransposedConvolution", "Dense"}), epsilon_rule()}}};
  return result.followed_by(transformer_entries(ProductRule::kHalf, ProductRule::kHalf));
}

/// What the architecture gives whatever its values are: every layer shares evenly, a sum gives half to each
/// summand. With the weights of the attentions as they are this is attention rollout: 0.5 A + 0.5 I a layer
/// (Abnar and Zuidema 2020, arXiv 2005.00928, equation 1), A the mean over heads, since what comes before
/// shares evenly over them.
Composite without_values(std::string name, ProductRule matrices) {
  return {std::move(name),
          {{operators({"Convolution", "TransposedConvolution", "Dense", "AveragePool", "Reduce", "Resample"}),
            flat_rule()},
           {operators({"MaxPool", "Reduce"}), PoolingRule::kEven},
           {operators({"Add"}), AdditionRule::kEven},
           {operators({"Standardise", "Affine"}), NormRule::kPass},
           {operators({"MatMul", "Attention"}), matrices},
           {operators({"Multiply"}), ProductRule::kSignal}}};
}

/// Which kind of rule a node takes.
enum class RuleKind { kNone, kLinear, kPooling, kAddition, kGate, kMatrices, kNorm };

RuleKind rule_kind(const graph::Operator& op) {
  return std::visit(
      Overloaded{
          [](const OneOf<graph::Convolution, graph::TransposedConvolution, graph::Dense,
                         graph::AveragePool> auto&) { return RuleKind::kLinear; },
          [](const graph::Resample& resample) {
            return resample.selects() ? RuleKind::kNone : RuleKind::kLinear;
          },
          [](const graph::Reduce& reduce) {
            return reduce.kind == graph::Reduce::Kind::kMax ? RuleKind::kPooling : RuleKind::kLinear;
          },
          [](const graph::MaxPool&) { return RuleKind::kPooling; },
          [](const graph::Add&) { return RuleKind::kAddition; },
          [](const graph::Multiply&) { return RuleKind::kGate; },
          [](const OneOf<graph::MatMul, graph::Attention> auto&) { return RuleKind::kMatrices; },
          [](const OneOf<graph::Standardise, graph::Affine> auto&) { return RuleKind::kNorm; },
          // Relevance passes, or goes by the one way that there is.
          [](const OneOf<Activation, graph::PRelu, graph::Softmax, graph::BatchNorm, graph::Dropout,
                         graph::Concat, graph::Slice, graph::Pad, graph::Reshape, graph::Transpose> auto&) {
            return RuleKind::kNone;
          }},
      op);
}

/// Whether a rule is one that this kind of node can take.
bool suits(const NodeRule& rule, const graph::Operator& op) {
  const RuleKind kind = rule_kind(op);
  return std::visit(
      Overloaded{[&](const Rule&) { return kind == RuleKind::kLinear; },
                 [&](PoolingRule) { return kind == RuleKind::kPooling; },
                 [&](AdditionRule) { return kind == RuleKind::kAddition; },
                 [&](NormRule) { return kind == RuleKind::kNorm; },
                 [&](ProductRule product) {
                   const bool is_of_gates = product == ProductRule::kSignal || product == ProductRule::kHalf;
                   return kind == RuleKind::kMatrices || (kind == RuleKind::kGate && is_of_gates);
                 }},
      rule);
}

bool gives_all_to_one(const NodeRule& rule) {
  const auto* product = std::get_if<ProductRule>(&rule);
  return product && (*product == ProductRule::kSignal || *product == ProductRule::kSameSign);
}

/// Whether both factors of a product may carry relevance, so that each gets half.
bool is_symmetric(const graph::Operator& op) {
  const auto* product = std::get_if<graph::Multiply>(&op);
  const auto* matrices = std::get_if<graph::MatMul>(&op);
  return (product && product->gate < 0) || (matrices && matrices->weights < 0);
}

/// fnmatch with * and ? alone: brackets and backslashes are common in node names and stand for themselves.
bool name_matches(const std::string& pattern, const std::string& name) {
  std::string escaped;
  for (const char c : pattern) {
    if (c == '[' || c == ']' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return fnmatch(escaped.c_str(), name.c_str(), 0) == 0;
}

/// `rule`, or norm in place of same sign where that comes to the same because no input can be negative.
NodeRule simplest(const NodeRule& rule, const graph::Node& node, const std::vector<char>& never_negative) {
  const bool signed_inputs = std::ranges::any_of(
      node.inputs, [&](graph::ValueId v) { return !never_negative[static_cast<size_t>(v)]; });
  if (signed_inputs) return rule;
  if (const auto* linear = std::get_if<Rule>(&rule); linear && linear->name == same_sign_rule().name)
    return norm_rule();
  const auto* addition = std::get_if<AdditionRule>(&rule);
  const bool adds =
      addition && *addition == AdditionRule::kSameSign && std::get<graph::Add>(node.op).sign > 0;
  return adds ? NodeRule{AdditionRule::kNorm} : rule;
}

/// Nodes with weights from which the output is reached without passing another.
std::vector<char> last_layers(const graph::Graph& graph) {
  std::vector<char> reaches(graph.values.size(), 0), result(graph.nodes.size(), 0);
  reaches[static_cast<size_t>(graph.output)] = 1;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const graph::Node& node = graph.nodes[i];
    if (!reaches[static_cast<size_t>(node.output)]) continue;
    const bool weights = traits(node.op).has(graph::kWeights);
    result[i] = weights;
    if (weights) continue;
    for (const graph::ValueId input : node.inputs) reaches[static_cast<size_t>(input)] = 1;
  }
  return result;
}

/// What a match asks about where a node stands.
class Places {
 public:
  explicit Places(const graph::Graph& graph)
      : reads_input_(graph::only_input(graph)), last_(last_layers(graph)) {}
  bool is_first(const graph::Node& node) const {
    return reads_input_[static_cast<size_t>(node.inputs[0])] != 0;
  }
  bool is_last(size_t node) const { return last_[node] != 0; }

 private:
  std::vector<char> reads_input_, last_;
};

bool applies(const CompositeEntry& entry, const Places& places, const graph::Node& node, size_t index) {
  const Match& match = entry.match;
  if (!suits(entry.rule, node.op)) return false;
  if (match.position == Position::kFirst && !places.is_first(node)) return false;
  if (match.position == Position::kLast && !places.is_last(index)) return false;
  if (!match.operators.empty() &&
      std::ranges::find(match.operators, graph::name(node.op)) == match.operators.end())
    return false;
  return match.name_pattern.empty() || name_matches(match.name_pattern, node.name);
}

}  // namespace

Composite gradient_attention() {
  Composite result = without_values("gradient_attention", ProductRule::kPositiveGradient);
  // A product of matrices that is no attention has no softmax whose weights could be followed.
  result.entries.insert(result.entries.begin(), {{operators({"MatMul"}), ProductRule::kEven},
                                                 {operators({"Add"}), AdditionRule::kAttending}});
  return result;
}

Composite Composite::followed_by(std::vector<CompositeEntry> after) const {
  Composite result = *this;
  result.entries.insert(result.entries.end(), std::make_move_iterator(after.begin()),
                        std::make_move_iterator(after.end()));
  return result;
}

Composite Composite::preceded_by(std::vector<CompositeEntry> before) const {
  Composite result = *this;
  result.entries.insert(result.entries.begin(), std::make_move_iterator(before.begin()),
                        std::make_move_iterator(before.end()));
  return result;
}

std::vector<std::string> preset_names() {
  return {"deep_taylor",
          "epsilon_plus",
          "epsilon_plus_flat",
          "epsilon_alpha2_beta1",
          "epsilon_alpha2_beta1_flat",
          "epsilon_gamma_box",
          "excitation_backprop",
          "value_path",
          "attnlrp",
          "attention_rollout",
          "null_profile"};
}

Composite preset(std::string_view name, InputBounds bounds) {
  const std::string n(name);
  if (n == "deep_taylor") {
    const Rule first = bounds == InputBounds::kKnown ? z_box_rule() : w_square_rule();
    return composite(n, first, z_plus_rule(ZPlusBias::kNone), z_plus_rule(ZPlusBias::kNone), Sums::kSameSign);
  }
  if (n == "epsilon_plus") return composite(n, {}, z_plus_rule(), epsilon_rule());
  if (n == "epsilon_plus_flat") return composite(n, flat_rule(), z_plus_rule(), epsilon_rule());
  if (n == "epsilon_alpha2_beta1") return composite(n, {}, alpha_beta_rule(2, 1), epsilon_rule());
  if (n == "epsilon_alpha2_beta1_flat")
    return composite(n, flat_rule(), alpha_beta_rule(2, 1), epsilon_rule());
  if (n == "epsilon_gamma_box") return composite(n, z_box_rule(), gamma_rule(), epsilon_rule());
  if (n == "excitation_backprop") return composite(n, {}, z_plus_rule(), z_plus_rule(), Sums::kSameSign);
  if (n == "value_path") return value_path();
  if (n == "attnlrp") return attnlrp();
  if (n == "attention_rollout") return without_values(n, ProductRule::kWeights);
  if (n == "null_profile") return without_values(n, ProductRule::kEven);
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no preset '{}'{}; there are {}", name, did_you_mean(name, preset_names()),
                          fmt::join(preset_names(), ", ")));
}

std::vector<std::optional<NodeRule>> assign(const Composite& composite, const graph::Graph& graph) {
  const Places places(graph);
  const std::vector<char> never_negative = graph::never_negative(graph);
  std::vector<std::optional<NodeRule>> rules(graph.nodes.size());
  std::string missing;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    if (rule_kind(node.op) == RuleKind::kNone) continue;
    const auto entry =
        std::ranges::find_if(composite.entries, [&](const auto& e) { return applies(e, places, node, i); });
    if (entry == composite.entries.end()) {
      missing += fmt::format("\n  {} '{}'", graph::name(node.op), node.name);
      continue;
    }
    rules[i] = simplest(entry->rule, node, never_negative);
    if (is_symmetric(node.op) && gives_all_to_one(*rules[i])) rules[i] = ProductRule::kHalf;
    // Of the network's own input, which is what is explained, nothing is taken away.
    if (std::holds_alternative<graph::Affine>(node.op) && places.is_first(node)) rules[i] = NormRule::kPass;
    const auto* rule = std::get_if<Rule>(&*rules[i]);
    if (rule && rule->needs_bounds() && !places.is_first(node)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("zB is for layers that read the input, and {} '{}' does not",
                              graph::name(node.op), node.name));
    }
  }
  if (!missing.empty()) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("'{}' has no rule for these nodes:{}", composite.name, missing));
  }
  return rules;
}

void require_used(std::span<const CompositeEntry> entries, const graph::Graph& graph) {
  const Places places(graph);
  for (size_t k = 0; k < entries.size(); ++k) {
    bool used = false;
    for (size_t i = 0; i < graph.nodes.size() && !used; ++i)
      used = applies(entries[k], places, graph.nodes[i], i);
    if (used) continue;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("entry {} of the rules ({}) fits no node of this "
                                                         "model; relevid inspect shows names and operators",
                                                         k + 1, describe(entries[k].rule)));
  }
}

std::string describe(const std::optional<NodeRule>& rule) {
  if (!rule) return "pass";
  return std::visit(
      Overloaded{[](const Rule& r) { return r.name; },
                 [](PoolingRule r) -> std::string { return r == PoolingRule::kWinner ? "winner" : "even"; },
                 [](AdditionRule r) -> std::string {
                   if (r == AdditionRule::kSameSign) return same_sign_rule().name;
                   if (r == AdditionRule::kAttending) return "attending";
                   return r == AdditionRule::kNorm ? "norm" : "even";
                 },
                 [](NormRule r) -> std::string { return r == NormRule::kLinear ? "linear" : "pass"; },
                 [](ProductRule r) -> std::string {
                   switch (r) {
                     case ProductRule::kSignal:
                       return "signal";
                     case ProductRule::kSameSign:
                       return same_sign_rule().name;
                     case ProductRule::kHalf:
                       return "half";
                     case ProductRule::kEven:
                       return "even";
                     case ProductRule::kWeights:
                       return "weights";
                     case ProductRule::kPositiveGradient:
                       return "positive gradient";
                   }
                   return "";
                 }},
      *rule);
}

}  // namespace relevid
