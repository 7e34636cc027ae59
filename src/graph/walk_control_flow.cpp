// SPDX-License-Identifier: Apache-2.0
// If with a constant condition, and Loop with a constant number of steps: the nodes that are run, one after
// the other.
#include <fmt/format.h>

#include "graph/evaluate.h"
#include "graph/expansion.h"
#include "graph/walk.h"

namespace relevid::graph {
namespace {

/// Far more than any exported network repeats, and a second of work.
constexpr int64_t kMostSteps = 50'000;

/// The only number of a constant, where there is one.
std::optional<int64_t> number_at(const Builder& builder, const ModelNode& node, size_t index) {
  const TensorRef tensor = builder.constant(node, index);
  if (!tensor) return std::nullopt;
  if (tensor->elements() != 1)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: input {} is {}, and must be one number",
                                                      node.label(), index, tensor->shape().to_string()));
  return tensor->as_ints()[0];
}

bool is_true(const ModelNode& node, const Binding& condition) {
  const auto* constant = std::get_if<TensorRef>(&condition);
  if (!constant) reject("whether it goes on is computed; conditions that follow from shapes alone are taken");
  if ((*constant)->elements() != 1)
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: a condition of shape {}", node.label(), (*constant)->shape().to_string()));
  return (*constant)->as_doubles()[0] != 0;
}

TensorRef number(int64_t value) {
  return share(Tensor::from(Shape{}, std::vector<int64_t>{value}));
}

}  // namespace

void Walk::count_step(const ModelNode& node) {
  if (++steps_ > kMostSteps)
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("{}: branches and loops come to more than {} nodes; export the model with its "
                            "loops unrolled or without them",
                            node.label(), kMostSteps));
}

std::optional<std::vector<Binding>> Walk::run(const Subgraph& graph, std::vector<Binding> inputs) {
  const Builder::Scope scope(builder_);
  for (const auto& [name, tensor] : graph.constants) builder_.define(name, tensor);
  for (size_t i = 0; i < inputs.size(); ++i) builder_.define(graph.inputs[i], std::move(inputs[i]));
  for (const ModelNode& node : graph.nodes) {
    count_step(node);
    visit(node);
  }
  std::optional<std::vector<Binding>> outputs(std::in_place);
  for (const std::string& name : graph.outputs) {
    const Binding* found = builder_.lookup(name);
    if (found && outputs)
      outputs->push_back(*found);
    else
      outputs.reset();
  }
  return outputs;
}

void Walk::take_if(const ModelNode& node) {
  const Subgraph &then = node.subgraph("then_branch"), &otherwise = node.subgraph("else_branch");
  const auto condition = number_at(builder_, node, 0);
  if (!condition)
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: no condition is given", node.label()));
  const Subgraph& taken = *condition != 0 ? then : otherwise;
  if (!taken.inputs.empty() || taken.outputs.size() != node.outputs.size())
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: a branch of {} inputs and {} outputs, where 0 and {} are needed",
                            node.label(), taken.inputs.size(), taken.outputs.size(), node.outputs.size()));
  count_step(node);
  const auto outputs = run(taken, {});
  for (size_t i = 0; outputs && i < outputs->size(); ++i) builder_.define(node.outputs[i], (*outputs)[i]);
}

void Walk::take_loop(const ModelNode& node) {
  const Subgraph& body = node.subgraph("body");
  const size_t carried = node.inputs.size() < 2 ? 0 : node.inputs.size() - 2;
  if (node.inputs.size() < 2 || body.inputs.size() != carried + 2 || body.outputs.size() < carried + 1 ||
      node.outputs.size() != body.outputs.size() - 1)
    throw Error(
        ErrorKind::kCorruptInput,
        fmt::format("{}: its body takes {} values and gives {}, which does not fit its {} inputs and {} "
                    "outputs",
                    node.label(), body.inputs.size(), body.outputs.size(), node.inputs.size(),
                    node.outputs.size()));
  const size_t place = place_;
  const auto trips = number_at(builder_, node, 0);
  const auto first_condition = number_at(builder_, node, 1);
  std::vector<Binding> state;  // the condition, which is ignored where none is given, then what is carried
  state.emplace_back(number(first_condition.value_or(1)));
  for (size_t i = 0; i < carried; ++i) {
    const Binding* initial = builder_.lookup(node.inputs[i + 2]);
    if (!initial) reject(fmt::format("input {} is missing", i + 2));
    state.push_back(*initial);
  }
  std::vector<std::vector<Binding>> stacked(body.outputs.size() - 1 - carried);
  for (int64_t i = 0; (!trips || i < *trips) && (!first_condition || is_true(node, state[0])); ++i) {
    count_step(node);
    std::vector<Binding> inputs = {number(i)};
    inputs.insert(inputs.end(), state.begin(), state.end());
    auto outputs = run(body, std::move(inputs));
    if (!outputs) return;  // its problem is listed
    const auto scanned = outputs->begin() + static_cast<std::ptrdiff_t>(carried) + 1;
    for (size_t k = 0; k < stacked.size(); ++k) stacked[k].push_back(scanned[static_cast<std::ptrdiff_t>(k)]);
    state.assign(outputs->begin(), scanned);
  }
  for (size_t i = 0; i < carried; ++i) builder_.define(node.outputs[i], state[i + 1]);
  for (size_t k = 0; k < stacked.size(); ++k) {
    if (stacked[k].empty())
      left_out_[node.outputs[carried + k]] = {&node, place};
    else
      define_stacked(node, node.outputs[carried + k], stacked[k]);
  }
}

void Walk::define_stacked(const ModelNode& node, const std::string& output,
                          const std::vector<Binding>& parts) {
  Expansion expand(builder_, node);
  std::vector<std::string> names;
  for (const Binding& part : parts)
    names.push_back(expand("Unsqueeze", {expand.bind("step", part), expand.ints({0})}));
  expand.define(output, expand("Concat", names, {{"axis", int64_t{0}}}));
}

}  // namespace relevid::graph
