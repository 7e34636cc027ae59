// SPDX-License-Identifier: Apache-2.0
#include "graph/walk.h"

#include <fmt/format.h>

#include <algorithm>

#include "graph/operator_table.h"

namespace relevid::graph {

void Walk::visit(const std::vector<ModelNode>& nodes) {
  for (const ModelNode& node : nodes) visit(node);
}

void Walk::visit(const ModelNode& node) {
  const size_t place = ++place_;
  if (auto reason = refusal(node)) return add_problem(node, place, std::move(*reason));
  if (!all_inputs_known(node)) {
    ++unseen_;
    return;
  }
  attempt([&] {
    try {
      take(node);
    } catch (const Rejected& rejected) {
      add_problem(node, place, rejected.reason);
    }
  });
}

void Walk::take(const ModelNode& node) {
  if (node.op == "If") return take_if(node);
  if (node.op == "Loop") return take_loop(node);
  lower_node(builder_, node);
  for (const auto& output : node.outputs) {
    if (!output.empty() && !builder_.is_known(output)) left_out_[output] = {&node, place_};
  }
}

bool Walk::all_inputs_known(const ModelNode& node) {
  bool known = true;
  for (const auto& name : node.inputs) {
    if (name.empty() || builder_.is_known(name)) continue;
    known = false;
    if (const auto writer = left_out_.find(name); writer != left_out_.end())
      add_problem(*writer->second.node, writer->second.place,
                  fmt::format("its output '{}' is read, and only the first is computed", name));
  }
  return known;
}

void Walk::add_problem(const ModelNode& node, size_t place, std::string reason) {
  if (have_problems_.insert(&node).second) problems_[place] = {&node, std::move(reason)};
}

void Walk::require_success() const {
  if (problems_.empty()) {
    if (failure_) std::rethrow_exception(failure_);
    return;
  }
  std::string list;
  for (const auto& [place, problem] : problems_)
    list += fmt::format("\n  {}: {}", problem.first->label(), problem.second);
  if (unseen_ > 0)
    list +=
        fmt::format("\n{} more node{} after such could not be looked at", unseen_, unseen_ == 1 ? "" : "s");
  throw Error(ErrorKind::kUnsupportedModel,
              fmt::format("the model holds {} node{} that relevid cannot take:{}", problems_.size(),
                          problems_.size() == 1 ? "" : "s", list));
}

}  // namespace relevid::graph
