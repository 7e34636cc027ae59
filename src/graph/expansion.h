// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "graph/builder.h"

namespace relevid::graph {

/// A node of the file as several of simpler operators of ONNX, which are evaluated where their operands are
/// constants, and lowered where they are not. Operands and results are names.
class Expansion {
 public:
  using Attributes = std::map<std::string, Attribute>;

  /// Keeps references to both.
  Expansion(Builder& builder, const ModelNode& node) : builder_(builder), node_(node) {}

  /// Emits an operator of one output, whose name is returned.
  std::string operator()(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {});

  std::string bind(const std::string& what, Binding binding);
  std::string number(double value);
  std::string ints(const std::vector<int64_t>& values);
  /// Of the constant or computed tensor that a name of this expansion, or of the file, stands for.
  Shape shape(const std::string& name) const;
  /// The input's name, empty where it is absent.
  std::string input(size_t index) const { return node_.has_input(index) ? node_.inputs[index] : ""; }
  /// As above, of one that must be there.
  std::string required(size_t index) const;

  /// The file's name stands for what `name` stands for.
  void define(const std::string& output, const std::string& name);
  /// As above, for the node's first output.
  void finish(const std::string& name) { define(node_.outputs.at(0), name); }

 private:
  Builder& builder_;
  const ModelNode& node_;
};

}  // namespace relevid::graph
