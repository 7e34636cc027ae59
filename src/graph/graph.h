// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/operators.h"
#include "relevid/tensor.h"

namespace relevid::graph {

using ValueId = int;
/// Its place in a container that has an element for every value.
inline size_t at(ValueId value) {
  return static_cast<size_t>(value);
}

struct Node {
  Operator op;
  std::string name;  ///< of the file's node that it stands for
  std::vector<ValueId> inputs;
  ValueId output = -1;
};

struct Value {
  std::string name;
  Shape shape;
};

/// A model for one set of input shapes: few operators, all sizes known, nothing constant left to compute.
struct Graph {
  std::vector<Node> nodes;  ///< in an order in which every node comes after what it reads
  std::vector<Value> values;
  std::vector<ValueId> inputs;
  ValueId output = -1;

  const Shape& shape(ValueId value) const { return values[static_cast<size_t>(value)].shape; }
  /// How many nodes (and the graph's output) read each value.
  std::vector<int> readers() const;
  /// Index of the node that writes each value, -1 for inputs.
  std::vector<int> writers() const;
};

/// For each value whether it can be shown never to be negative (after a ReLU, a sigmoid, averages of such,
/// ...).
std::vector<char> never_negative(const Graph& graph);

/// For each value whether it is the network's input, moved, scaled or shifted by constants at most. A node
/// with weights that reads such a value is a first layer (SlowFast has two).
std::vector<char> only_input(const Graph& graph);

}  // namespace relevid::graph
