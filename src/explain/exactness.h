// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "explain/composite.h"
#include "graph/graph.h"

namespace relevid {

/// For every node of a graph what about the way relevance passes it is a convention rather than a
/// decomposition of its function ("Gelu is not piecewise linear: relevance passes as it is"); empty where
/// nothing is. `rules` as `assign` gives them.
std::vector<std::string> what_is_not_exact(const graph::Graph& graph,
                                           std::span<const std::optional<NodeRule>> rules);

/// The indices of the nodes under each reason that is not empty.
std::map<std::string, std::vector<size_t>> by_reason(std::span<const std::string> reasons);

/// How a node passes relevance: its rule, or what nodes of its kind without one do ("pass", "identity").
std::string describe(const graph::Operator& op, const std::optional<NodeRule>& rule);

}  // namespace relevid
