// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/graph.h"

namespace relevid::graph {

/// Which of a product's two factors only scales the other; -1 where neither or both might. Note [Gates] in
/// explain/composite.h.
int find_gate(const Graph& graph, ValueId a, ValueId b);

/// Which of a matrix product's operands weighs the other: the one that comes out of a softmax, or of another
/// matrix product of computed values, with nothing but movement and elementwise operations since. -1 where
/// neither or both might.
int find_weights(const Graph& graph, ValueId a, ValueId b);

}  // namespace relevid::graph
