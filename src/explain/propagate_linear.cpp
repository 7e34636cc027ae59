// SPDX-License-Identifier: Apache-2.0
// How linear maps pass relevance, by any rule.
#include <utility>

#include "explain/propagate.h"

namespace relevid {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

namespace {

bool is_constant(InputPart part) {
  return part == InputPart::kLow || part == InputPart::kHigh || part == InputPart::kOne;
}

}  // namespace

void Propagation::pass_linear(const Step& step, const Rule& rule, const Buffer& x, const Relevance& relevance,
                              DeferredAccount& account) {
  const ValueId input = step.input();
  const bool x_never_negative = never_negative_[at(input)] != 0;
  Relevance total;
  for (const Share& share : rule.shares) {
    Relevance part = through(step, rule, share, x, relevance, x_never_negative, account);
    if (!total.r && share.coefficient == 1) {
      total = std::move(part);
    } else {
      if (!total.r) total.r = library_.filled(part.r.shape(), 0);
      library_.accumulate(total.r, part.r, share.coefficient);
      total.sums = {};
    }
  }
  accumulate(input, std::move(total));
}

Buffer Propagation::input_part(const Step& step, InputPart part, const Buffer& x, bool x_never_negative) {
  switch (part) {
    case InputPart::kAll:
      return x;
    case InputPart::kPositive:
      return x_never_negative ? x : library_.part(x, kernels::Sign::kPositive);
    case InputPart::kNegative:
      return library_.part(x, kernels::Sign::kNegative);
    case InputPart::kLow:
    case InputPart::kHigh:
      return bound(step.input(), part);
    case InputPart::kOne:
      return library_.filled(x.shape(), 1);
  }
  return x;
}

Buffer Propagation::denominator(const Step& step, const Share& share, const Buffer& x,
                                const Relevance& relevance, bool x_never_negative) {
  const Buffer& r = relevance.r;
  const kernels::Winners& winners = relevance.winners;
  Buffer z;
  for (const Term& term : share.terms) {
    if (is_constant(term.input) || (term.input == InputPart::kNegative && x_never_negative)) continue;
    const Buffer input = input_part(step, term.input, x, x_never_negative);
    Buffer part = winners ? step.linear()->apply_at(winners, input, r, term.weight, term.bias)
                          : step.linear()->apply_where(input, r, term.weight, term.bias);
    if (z)
      library_.accumulate(z, part, term.sign);
    else
      z = std::move(part);
  }
  const Buffer* constant = constant_terms(step, share);
  if (!constant) return z;
  const Buffer there = winners ? winners.maximum->pick(*constant, winners.places) : *constant;
  if (!z) return library_.add(there, there, 0);  // a copy, because it is written over
  library_.accumulate(z, there, 1);
  return z;
}

const Buffer* Propagation::constant_terms(const Step& step, const Share& share) {
  const auto found = constants_.find(&share);
  if (found != constants_.end()) return &found->second;
  Buffer sum;
  for (const Term& term : share.terms) {
    if (!is_constant(term.input)) continue;
    const Shape& shape = network_.graph().shape(step.input());
    const Buffer part =
        term.input == InputPart::kOne ? library_.filled(shape, 1) : bound(step.input(), term.input);
    const Buffer z = step.linear()->apply(part, term.weight, term.bias);
    if (!sum) sum = library_.filled(z.shape(), 0);
    library_.accumulate(sum, z, term.sign);
  }
  if (!sum) return nullptr;
  return &constants_.emplace(&share, std::move(sum)).first->second;
}

Propagation::Relevance Propagation::through(const Step& step, const Rule& rule, const Share& share,
                                            const Buffer& x, const Relevance& relevance,
                                            bool x_never_negative, DeferredAccount& account) {
  const auto& [r, winners, known_sums] = relevance;
  Buffer numerator = r;
  if (share.where != Where::kEverywhere) {
    Buffer y = step.linear()->apply(x, {}, {kernels::BiasPart::Kind::kAll});
    if (winners) y = winners.maximum->pick(y, winners.places);
    const auto sign =
        share.where == Where::kOutputPositive ? kernels::Sign::kPositive : kernels::Sign::kNegative;
    numerator = library_.keep_where(r, y, sign);
    // What neither share takes is dropped: all of r less the two.
    if (account.dropped.empty()) account.dropped.add(known_sums ? known_sums : library_.sums(r), 1);
    account.dropped.add(library_.sums(numerator), -1);
  }
  Buffer q = denominator(step, share, x, {numerator, winners}, x_never_negative);
  account.absorbed_by_epsilon.add(library_.quotient(q, numerator, rule.epsilon), share.coefficient);

  std::vector<const Term*> terms;
  std::vector<kernels::WeightTransform> weights;
  for (const Term& term : share.terms) {
    account.absorbed_by_bias.add(step.linear()->bias_dot(q, term.bias), share.coefficient * term.sign);
    if (term.input == InputPart::kNegative && x_never_negative) continue;
    terms.push_back(&term);
    weights.push_back(term.weight);
  }
  std::vector<Buffer> back =
      winners ? step.linear()->adjoints_at(winners, q, weights) : step.linear()->adjoints(q, weights);
  Relevance total;
  for (size_t i = 0; i < terms.size(); ++i) {
    kernels::Sums sums;
    if (terms[i]->input != InputPart::kOne)
      sums = library_.scale_by(back[i], input_part(step, terms[i]->input, x, x_never_negative));
    if (!total.r && terms[i]->sign == 1) {
      total = {std::move(back[i]), {}, std::move(sums)};
    } else {
      if (!total.r) total.r = library_.filled(x.shape(), 0);
      library_.accumulate(total.r, back[i], terms[i]->sign);
      total.sums = {};
    }
  }
  return total;
}

const Buffer& Propagation::bound(ValueId value, InputPart which) {
  const auto found = bounds_.find({value, which});
  if (found != bounds_.end()) return found->second;
  // The input moved, scaled or shifted: the bounds go the same way, and a negative scale swaps them.
  const int writer = network_.graph().writers()[at(value)];
  const auto follow = [&](InputPart part) {
    return network_.run_alone(static_cast<size_t>(writer), [&](ValueId input) { return bound(input, part); });
  };
  const Buffer a = follow(InputPart::kLow), b = follow(InputPart::kHigh);
  bounds_[{value, InputPart::kLow}] = library_.minimum(a, b);
  bounds_[{value, InputPart::kHigh}] = library_.maximum(a, b);
  return bounds_.at({value, which});
}

}  // namespace relevid
