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

/// Relevance of values that are summed with constant weights, by contributions of the sum's own sign: of W'x
/// for a positive sum those of x⁺, for a negative one those of x⁻, since weights of an attention are not
/// negative. `sum_of` makes the weighted sum of values, `back` its adjoint.
template <class SumOf, class Back>
Buffer same_sign_values(kernels::Library& library, const Buffer& values, const Buffer& r,
                        DeferredAccount& account, SumOf sum_of, Back back) {
  const Buffer sum = sum_of(values);
  Buffer result;
  for (const auto sign : {kernels::Sign::kPositive, kernels::Sign::kNegative}) {
    const Buffer part = library.part(values, sign);
    Buffer q = sum_of(part);
    account.absorbed_by_epsilon.add(library.quotient(q, library.keep_where(r, sum, sign), kEpsilon), 1);
    Buffer passed = back(q);
    library.scale_by(passed, part);
    result = result ? library.add(result, passed, 1) : std::move(passed);
  }
  return result;
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
  const bool counts_weights = rule == ProductRule::kEven || rule == ProductRule::kWeights;
  Buffer q = r;
  if (!counts_weights) {
    q = map->forward(operand(0), operand(1));
    account.absorbed_by_epsilon.add(library.quotient(q, r, kEpsilon), 1);
  }
  std::array<Buffer, 2> result;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    if (!halves && static_cast<int>(i) == weights) continue;
    if (rule == ProductRule::kEven || (rule == ProductRule::kWeights && weights < 0)) {
      result[i] = by_operand(*map, i, q, library.filled(operand(1 - i).shape(), 1 / inner));
    } else if (rule == ProductRule::kWeights) {
      result[i] = by_operand(*map, i, q, operand(1 - i));
    } else {
      result[i] = library.multiply(operand(i), by_operand(*map, i, q, operand(1 - i)));
    }
    if (halves) result[i] = library.add(result[i], result[i], -0.5);
  }
  return result;
}

std::array<Buffer, 4> through_attention(kernels::Library& library, const Step& step, ProductRule rule,
                                        const Trace& trace, const Buffer& r, const Buffer& gradient,
                                        DeferredAccount& account) {
  const auto& map = std::get<prepared::Attention>(step.prepared).map;
  auto operands = attention_operands(*step.node, trace);
  std::array<Buffer, 4> result;
  if (rule == ProductRule::kPositiveGradient) {
    result[2] = map->by_positive_gradient(operands, gradient, r);
    return result;
  }
  if (rule == ProductRule::kWeights || rule == ProductRule::kEven) {
    if (rule == ProductRule::kEven) {
      operands.q = library.filled(operands.q.shape(), 0);
      operands.k = library.filled(operands.k.shape(), 0);
      operands.bias = {};
    }
    result[2] = map->by_values(operands, r);
    return result;
  }
  if (rule == ProductRule::kSameSign) {
    const auto sum_of = [&](const Buffer& values) {
      auto of_part = operands;
      of_part.v = values;
      return map->forward(of_part);
    };
    result[2] = same_sign_values(library, operands.v, r, account, sum_of,
                                 [&](const Buffer& q) { return map->by_values(operands, q); });
    return result;
  }
  const Buffer& output = trace.values[graph::at(step.node->output)];
  Buffer q = library.add(output, output, rule == ProductRule::kHalf ? 1 : 0);
  const double epsilon = kEpsilon * (rule == ProductRule::kHalf ? 2 : 1);
  const kernels::Sums absorbed = library.quotient(q, r, epsilon);
  account.absorbed_by_epsilon.add(absorbed, 1);
  if (rule == ProductRule::kSignal) {
    result[2] = map->by_values(operands, q);
    library.scale_by(result[2], operands.v);
    return result;
  }
  auto by = map->gradient(operands, q);
  result[0] = library.multiply(by.q, operands.q);
  result[1] = library.multiply(by.k, operands.k);
  result[2] = library.multiply(by.v, operands.v);
  for (const size_t i : {size_t{0}, size_t{1}}) result[i] = library.add(result[i], result[i], -0.5);
  if (by.bias) result[3] = library.multiply(by.bias, operands.bias);
  // What softmax and constant biases keep: all but what goes on.
  account.absorbed_by_bias.add(library.sums(r), 1);
  account.absorbed_by_bias.add(absorbed, -1);
  for (const Buffer& part : result) {
    if (part) account.absorbed_by_bias.add(library.sums(part), -1);
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
