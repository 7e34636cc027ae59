// SPDX-License-Identifier: Apache-2.0
#include "graph/expression.h"

#include <algorithm>

#include "base/overloaded.h"

namespace relevid::graph {
namespace {

/// The longest way to write a GELU takes ten.
constexpr int kMostSteps = 12;

bool is_of_single_numbers(const Operator& op) {
  return std::holds_alternative<Activation>(op) || std::holds_alternative<Affine>(op) ||
         std::holds_alternative<Add>(op) || std::holds_alternative<Multiply>(op);
}

}  // namespace

std::optional<double> single_number(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  if (values.empty() || std::ranges::any_of(values, [&](float v) { return v != values[0]; }))
    return std::nullopt;
  return values[0];
}

const Node* Expression::writer(ValueId value) const {
  const int writer = writers_[graph::at(value)];
  return writer < 0 ? nullptr : &graph_.nodes[static_cast<size_t>(writer)];
}

std::optional<double> Expression::at(ValueId value, ValueId base, double x) const {
  return evaluate(value, base, x, kMostSteps);
}

std::optional<double> Expression::evaluate(ValueId value, ValueId base, double x, int depth) const {
  if (value == base) return x;
  const Node* node = writer(value);
  if (!node || depth == 0 || !is_of_single_numbers(node->op)) return std::nullopt;
  std::vector<double> inputs;
  for (const ValueId input : node->inputs) {
    const auto number = evaluate(input, base, x, depth - 1);
    if (!number) return std::nullopt;
    inputs.push_back(*number);
  }
  return std::visit(
      Overloaded{[&](const Activation& f) -> std::optional<double> { return activation(f, inputs[0]); },
                 [&](const Affine& affine) -> std::optional<double> {
                   const auto scale = single_number(*affine.scale), shift = single_number(*affine.shift);
                   if (!scale || !shift) return std::nullopt;
                   return *scale * inputs[0] + *shift;
                 },
                 [&](const Add& add) -> std::optional<double> { return inputs[0] + add.sign * inputs[1]; },
                 [&](const Multiply&) -> std::optional<double> { return inputs[0] * inputs[1]; },
                 [](const auto&) -> std::optional<double> { return std::nullopt; }},
      node->op);
}

std::vector<ValueId> Expression::ancestors(ValueId value) const {
  std::vector<ValueId> found = {value};
  for (size_t next = 0, step = 0; next < found.size() && step < 4 * kMostSteps; ++next, ++step) {
    const Node* node = writer(found[next]);
    if (!node || !is_of_single_numbers(node->op)) continue;
    for (const ValueId input : node->inputs) {
      if (std::ranges::find(found, input) == found.end()) found.push_back(input);
    }
  }
  found.erase(found.begin());
  return found;
}

}  // namespace relevid::graph
