// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "relevid/tensor.h"

namespace relevid::graph {

/// A constant that several nodes and several versions of a graph share. Shared because passes return new
/// graphs and weights are large; immutable, therefore safe from any thread.
using TensorRef = std::shared_ptr<const Tensor>;
TensorRef share(Tensor tensor);

struct Subgraph;
/// Shared, because nodes are copied and bodies are large; immutable.
using SubgraphRef = std::shared_ptr<const Subgraph>;

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                               TensorRef, SubgraphRef>;

/// An operator as the file holds it: ONNX's name for it, its attributes, and values by name ("" is an absent
/// input).
struct ModelNode {
  std::string op;
  std::string name;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;
  /// What in the file has no counterpart here ("attribute 'texts' is a list of strings"); empty in most
  /// nodes. Such a node stays in the model, so that it is listed with all the others that cannot be taken.
  std::string unreadable = {};

  int64_t integer(const std::string& key, int64_t otherwise) const;
  double number(const std::string& key, double otherwise) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  std::vector<int64_t> integers(const std::string& key, std::vector<int64_t> otherwise = {}) const;
  /// The graph in an attribute. Throws Error(kCorruptInput) where there is none.
  const Subgraph& subgraph(const std::string& key) const;
  bool has(const std::string& key) const { return attributes.contains(key); }
  bool has_input(size_t index) const { return index < inputs.size() && !inputs[index].empty(); }
  /// "Conv '/block1/conv'" for messages.
  std::string label() const;
};

/// A branch of If or the body of Loop. Its nodes also read names of what is around it.
struct Subgraph {
  std::vector<ModelNode> nodes;  ///< in an order in which every node comes after what it reads
  std::map<std::string, TensorRef> constants;
  std::vector<std::string> inputs;  ///< without the constants
  std::vector<std::string> outputs;
};

/// A declared input or output. A size that the file leaves open is -1, with its symbolic name beside it.
struct ModelValue {
  std::string name;
  std::vector<int64_t> dims;
  std::vector<std::string> dim_names;
};

/// A model as read from a file, for any input shape; `specialise` turns it into a Graph for one.
struct Model {
  int64_t opset = 0;
  std::string producer;
  std::vector<ModelNode> nodes;  ///< in an order in which every node comes after what it reads
  std::map<std::string, TensorRef> constants;
  std::vector<ModelValue> inputs;  ///< without the constants
  std::vector<ModelValue> outputs;
  std::map<std::string, std::string> metadata;
};

}  // namespace relevid::graph
