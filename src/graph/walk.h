// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/builder.h"
#include "relevid/error.h"

namespace relevid::graph {

/// The way through the file's nodes, and through the branches and bodies of those that choose or repeat. It
/// goes on after a node that cannot be taken, so that all such nodes are found at once.
class Walk {
 public:
  explicit Walk(Builder& builder) : builder_(builder) {}

  void visit(const std::vector<ModelNode>& nodes);
  /// Keeps an Error of `action` for require_success.
  template <class Action>
  void attempt(Action&& action) {
    try {
      action();
    } catch (const Error&) {
      if (!failure_) failure_ = std::current_exception();
    }
  }

  /// Throws the list of nodes that cannot be taken, or else the first error of another kind, if any.
  void require_success() const;

 private:
  void visit(const ModelNode& node);
  void take(const ModelNode& node);
  /// Whether everything the node reads is known; an output that is left out (a dropout's mask, a pooling's
  /// indices) is a problem once something reads it.
  bool all_inputs_known(const ModelNode& node);
  /// `place`: of the node among all that were visited, which is the list's order.
  void add_problem(const ModelNode& node, size_t place, std::string reason);
  /// Throws Error(kResourceLimit) where the file's nodes were repeated too often.
  void count_step(const ModelNode& node);

  // Control flow: walk_control_flow.cpp.
  void take_if(const ModelNode& node);
  void take_loop(const ModelNode& node);
  /// What the graph's outputs stand for, with its inputs bound; nothing where one stays unknown.
  std::optional<std::vector<Binding>> run(const Subgraph& graph, std::vector<Binding> inputs);
  /// Defines an output of a loop from what its steps gave, one after the other along a new axis 0.
  void define_stacked(const ModelNode& node, const std::string& output, const std::vector<Binding>& parts);

  Builder& builder_;
  struct Writer {
    const ModelNode* node = nullptr;
    size_t place = 0;
  };
  std::map<size_t, std::pair<const ModelNode*, std::string>> problems_;  ///< by the node's place
  std::set<const ModelNode*> have_problems_;
  std::map<std::string, Writer> left_out_;  ///< outputs that no lowering defines, and their writers
  size_t place_ = 0;                        ///< of the node that is visited
  int64_t unseen_ = 0;                      ///< nodes that read what a rejected one would have written
  int64_t steps_ = 0;                       ///< nodes visited in branches and bodies, and iterations
  std::exception_ptr failure_;
};

}  // namespace relevid::graph
