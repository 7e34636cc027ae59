// SPDX-License-Identifier: Apache-2.0
#include "explain/gamma_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "explain/automatic.h"
#include "graph/operator_traits.h"
#include "relevid/error.h"

namespace relevid {
namespace {

bool is_layer(const graph::Node& node) {
  return graph::traits(node.op).has(graph::kWeights);
}

/// A convolution of every channel for itself, as those that pool queries, keys and values.
bool is_depthwise(const graph::Node& node) {
  const auto* convolution = std::get_if<graph::Convolution>(&node.op);
  return convolution && convolution->groups > 1 && convolution->weight->shape()[1] == 1;
}

bool is_gamma_rule(const std::optional<NodeRule>& rule) {
  const auto* linear = rule ? std::get_if<Rule>(&*rule) : nullptr;
  if (!linear) return false;
  return linear->name.starts_with("gamma(") || linear->name.starts_with("epsilon(") ||
         linear->name == z_plus_rule().name;
}

bool can_be_named(const std::string& name) {
  return !name.empty() && name.find_first_of("*?") == std::string::npos;
}

/// The layers next to attentions, by node.
class AttentionLayers {
 public:
  explicit AttentionLayers(const graph::Graph& graph)
      : graph_(graph), writers_(graph.writers()), found_(graph.nodes.size(), 0) {
    for (const graph::Node& node : graph.nodes) {
      if (!attends(node)) continue;
      before_.assign(graph.values.size(), 0);
      for (const graph::ValueId input : node.inputs) go_back(input);
    }
    go_on();
  }
  const std::vector<char>& found() const { return found_; }

 private:
  /// Marks the layer, and says whether the way ends at the node.
  bool ends_at(size_t index) {
    const graph::Node& node = graph_.nodes[index];
    if (attends(node)) return true;
    if (!is_layer(node)) return false;
    found_[index] = 1;
    return !is_depthwise(node);
  }

  void go_back(graph::ValueId value) {
    if (std::exchange(before_[graph::at(value)], 1)) return;
    const int writer = writers_[graph::at(value)];
    if (writer < 0 || ends_at(static_cast<size_t>(writer))) return;
    for (const graph::ValueId input : graph_.nodes[static_cast<size_t>(writer)].inputs) go_back(input);
  }

  void go_on() {
    std::vector<char> attended(graph_.values.size(), 0);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const graph::Node& node = graph_.nodes[i];
      const bool follows =
          std::ranges::any_of(node.inputs, [&](auto input) { return attended[graph::at(input)] != 0; });
      attended[graph::at(node.output)] = attends(node) || (follows && !ends_at(i));
    }
  }

  const graph::Graph& graph_;
  std::vector<int> writers_;
  std::vector<char> found_, before_;
};

/// For each node whether an attention lies before it.
std::vector<char> after_attention(const graph::Graph& graph) {
  std::vector<char> values(graph.values.size(), 0), nodes;
  for (const graph::Node& node : graph.nodes) {
    nodes.push_back(
        std::ranges::any_of(node.inputs, [&](auto input) { return values[graph::at(input)] != 0; }));
    values[graph::at(node.output)] = nodes.back() || attends(node);
  }
  return nodes;
}

/// The number of layers on the longest way from the input to each node, itself included.
std::vector<int64_t> depths(const graph::Graph& graph) {
  std::vector<int64_t> values(graph.values.size(), 0), nodes;
  for (const graph::Node& node : graph.nodes) {
    int64_t depth = 0;
    for (const graph::ValueId input : node.inputs) depth = std::max(depth, values[graph::at(input)]);
    nodes.push_back(depth + (is_layer(node) ? 1 : 0));
    values[graph::at(node.output)] = nodes.back();
  }
  return nodes;
}

/// The place of each node's group in `names`.
struct Grouping {
  std::vector<std::string> names;
  std::vector<size_t> of_node;
};

Grouping parts_of_transformer(const graph::Graph& graph) {
  Grouping grouping{{"embedding", "attention", "mlp"}, {}};
  const AttentionLayers attention(graph);
  const std::vector<char> after = after_attention(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    grouping.of_node.push_back(attention.found()[i] ? 1 : after[i] ? 2 : 0);
  return grouping;
}

Grouping thirds_by_depth(const graph::Graph& graph) {
  Grouping grouping{{"early", "middle", "late"}, {}};
  const std::vector<int64_t> all = depths(graph);
  const int64_t deepest = std::max<int64_t>(1, std::ranges::max(all));
  for (const int64_t depth : all)
    grouping.of_node.push_back(static_cast<size_t>(3 * std::max<int64_t>(0, depth - 1) / deepest));
  return grouping;
}

std::string operator_of(const graph::Node& node) {
  return std::string(graph::name(node.op));
}

}  // namespace

const std::vector<std::string>& gamma_method_names() {
  static const std::vector<std::string> kNames = {"epsilon_plus", "epsilon_plus_flat", "epsilon_gamma_box",
                                                  "value_path", "attnlrp"};
  return kNames;
}

void require_gamma_method(const std::string& method) {
  if (std::ranges::count(gamma_method_names(), method) > 0) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} has no gamma that could be tuned; these have: {}",
                                                       method, fmt::join(gamma_method_names(), ", ")));
}

bool GammaGroup::has_gamma(double gamma) const {
  return rules.size() == 1 && rules.front() == gamma_rule(gamma).name;
}

std::vector<GammaGroup> gamma_groups(const graph::Graph& graph,
                                     std::span<const std::optional<NodeRule>> rules) {
  const Grouping grouping = is_transformer(graph) ? parts_of_transformer(graph) : thirds_by_depth(graph);
  std::vector<GammaGroup> groups;
  for (const std::string& name : grouping.names) groups.push_back({name, {}, {}});
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    if (!is_layer(node) || !is_gamma_rule(rules[i]) || !can_be_named(node.name)) continue;
    // Where one node of the file has become several layers, its name stands for all of them.
    const auto place = places.try_emplace({node.name, operator_of(node)}, grouping.of_node[i]).first->second;
    GammaGroup& group = groups[place];
    group.nodes.push_back(i);
    const std::string rule = describe(rules[i]);
    if (std::ranges::count(group.rules, rule) == 0) group.rules.push_back(rule);
  }
  std::erase_if(groups, [](const GammaGroup& group) { return group.nodes.empty(); });
  return groups;
}

std::vector<CompositeEntry> gamma_entries(const graph::Graph& graph, std::span<const GammaGroup> groups,
                                          const Gammas& gammas) {
  std::vector<CompositeEntry> entries;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!gammas.at(g)) continue;
    for (const size_t node : groups[g].nodes) {
      const graph::Node& layer = graph.nodes[node];
      entries.push_back({{{operator_of(layer)}, layer.name, {}}, gamma_rule(*gammas[g])});
    }
  }
  return entries;
}

std::string gamma_rules_file(const graph::Graph& graph, std::span<const GammaGroup> groups,
                             const Gammas& gammas, const std::string& about) {
  using Json = nlohmann::ordered_json;
  const auto dumped = [](const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
  };
  std::vector<std::string> lines;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!gammas.at(g)) continue;
    for (const size_t node : groups[g].nodes) {
      Json entry = {{"name", graph.nodes[node].name}, {"operator", operator_of(graph.nodes[node])}};
      entry["rule"] = *gammas[g] > 0 ? "gamma" : "epsilon";
      if (*gammas[g] > 0) entry["gamma"] = *gammas[g];
      lines.push_back(dumped(entry, -1));
    }
  }
  return fmt::format("{{\n\"about\": {},\n\"rules\": [\n{}\n]}}\n", dumped(Json::parse(about), 2),
                     fmt::join(lines, ",\n"));
}

}  // namespace relevid
