// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "explain/composite.h"
#include "graph/operator_traits.h"

namespace relevid {

/// Sums, averages and weighted sums by contribution (norm), as zennit has them under every preset;
/// deep_taylor and excitation_backprop share them otherwise: Note [Same sign] in explain/composite.h. For
/// those that a graph has.
inline std::vector<CompositeEntry> norm_sums(const graph::Graph& graph) {
  std::vector<CompositeEntry> entries;
  const auto add = [&](const char* op, NodeRule rule) {
    const bool has = std::ranges::any_of(graph.nodes, [&](const graph::Node& node) {
      const auto* reduce = std::get_if<graph::Reduce>(&node.op);
      return graph::name(node.op) == op && (!reduce || reduce->kind != graph::Reduce::Kind::kMax);
    });
    if (has) entries.push_back({{{op}, "", Match::Position::kAnywhere}, std::move(rule)});
  };
  add("AveragePool", norm_rule());
  add("Reduce", norm_rule());
  add("Add", AdditionRule::kNorm);
  add("Attention", ProductRule::kSignal);
  return entries;
}

}  // namespace relevid
