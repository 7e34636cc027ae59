// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "graph/graph.h"

namespace relevid::graph {

/// Values as functions of one other value, element by element: how an exporter writes f(x) with a dozen
/// nodes, in whatever order, is told by what they compute.
class Expression {
 public:
  explicit Expression(const Graph& graph) : graph_(graph), writers_(graph.writers()) {}

  /// The number at `value` where `base` is x; nothing where it depends on anything else, or where an
  /// operation is not one of single numbers: activations, scalar factors and terms, sums and products.
  std::optional<double> at(ValueId value, ValueId base, double x) const;
  /// What `value` is made of by such operations, nearest first, with at most kMostSteps between.
  std::vector<ValueId> ancestors(ValueId value) const;
  const Node* writer(ValueId value) const;

 private:
  std::optional<double> evaluate(ValueId value, ValueId base, double x, int depth) const;

  const Graph& graph_;
  std::vector<int> writers_;
};

/// The one number that a constant holds, wherever it is repeated; nothing where its elements differ.
std::optional<double> single_number(const Tensor& tensor);

}  // namespace relevid::graph
