// SPDX-License-Identifier: Apache-2.0
#include "explain/attention.h"

#include "explain/rules.h"

namespace relevid {
namespace {

using kernels::Buffer;

/// What goes by the operand `i` of a product of matrices where the other one is constant.
Buffer by_operand(kernels::ProductMap& map, size_t i, const Buffer& s, const Buffer& other) {
  return i == 0 ? map.by_left(s, other) : map.by_right(other, s);
}

}  // namespace

std::array<Buffer, 2> through_matrices(kernels::Library& library, const Step& step, ProductRule rule,
                                       const Trace& trace, const Buffer& r, DeferredAccount& account) {
  const auto& [op, map] = std::get<prepared::MatMul>(step.prepared);
  const int weights = op->weights;
  const bool halves = rule == ProductRule::kHalf || weights < 0;
  const auto operand = [&](size_t i) -> const Buffer& {
    return trace.values[static_cast<size_t>(step.node->inputs[i])];
  };
  const double inner = static_cast<double>(operand(0).shape()[2]);
  Buffer q = r;
  if (rule != ProductRule::kEven) {
    q = map->forward(operand(0), operand(1));
    account.absorbed_by_epsilon.add(library.quotient(q, r, epsilon_rule().epsilon), 1);
  }
  std::array<Buffer, 2> result;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    if (!halves && static_cast<int>(i) == weights) continue;
    if (rule == ProductRule::kEven) {
      result[i] = by_operand(*map, i, q, library.filled(operand(1 - i).shape(), 1 / inner));
    } else {
      result[i] = library.multiply(operand(i), by_operand(*map, i, q, operand(1 - i)));
    }
    if (halves) result[i] = library.add(result[i], result[i], -0.5);
  }
  return result;
}

Buffer through_softmax(kernels::Library& library, const Step& step, const Trace& trace, const Buffer& r,
                       DeferredAccount& account) {
  const auto value = [&](graph::ValueId id) -> const Buffer& {
    return trace.values[static_cast<size_t>(id)];
  };
  Buffer passed = std::get<prepared::Softmax>(step.prepared)
                      .map->relevance(value(step.input()), value(step.node->output), r);
  account.absorbed_by_bias.add(library.sums(r), 1);
  account.absorbed_by_bias.add(library.sums(passed), -1);
  return passed;
}

}  // namespace relevid
