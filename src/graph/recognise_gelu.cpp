// SPDX-License-Identifier: Apache-2.0
// GELUs that an exporter took apart: x/2 (1 + erf(x / √2)), or x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
// (Hendrycks and Gimpel 2016, arXiv 1606.08415), in any order of their factors and terms.
#include <algorithm>
#include <array>
#include <cmath>

#include "graph/expression.h"
#include "graph/simplify.h"

namespace relevid::graph {
namespace {

/// Where functions are compared. Constants of a file are float32: 1e-5 tells the two GELUs apart (by 4e-4).
constexpr std::array kPlaces = {-3.0, -1.1, -0.3, 0.4, 1.7, 2.6};
constexpr double kTolerance = 1e-5;

bool equals(const Expression& expression, ValueId value, ValueId base, const Activation& f) {
  return std::ranges::all_of(kPlaces, [&](double x) {
    const auto y = expression.at(value, base, x);
    return y && std::abs(*y - activation(f, x)) < kTolerance;
  });
}

/// Whether erf or tanh is among what a value is made of.
bool bends(const Expression& expression, const std::vector<ValueId>& ancestors) {
  return std::ranges::any_of(ancestors, [&](ValueId value) {
    const Node* node = expression.writer(value);
    const auto* f = node ? std::get_if<Activation>(&node->op) : nullptr;
    return f && (f->kind == Activation::Kind::kErf || f->kind == Activation::Kind::kTanh);
  });
}

}  // namespace

Graph recognise_gelu(Graph graph) {
  struct Found {
    size_t node;
    ValueId x;
    Activation f;
  };
  std::vector<Found> found;
  {
    const Expression expression(graph);
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node& node = graph.nodes[i];
      if (!std::holds_alternative<Multiply>(node.op) && !std::holds_alternative<Affine>(node.op)) continue;
      const auto ancestors = expression.ancestors(node.output);
      if (!bends(expression, ancestors)) continue;
      for (const ValueId base : ancestors) {
        if (graph.shape(base) != graph.shape(node.output)) continue;
        for (const auto kind : {Activation::Kind::kGelu, Activation::Kind::kGeluTanh}) {
          if (equals(expression, node.output, base, {kind})) found.push_back({i, base, {kind}});
        }
      }
    }
  }
  for (const auto& [node, x, f] : found) {
    graph.nodes[node].op = f;
    graph.nodes[node].inputs = {x};
  }
  return drop_dead(std::move(graph));
}

}  // namespace relevid::graph
