// SPDX-License-Identifier: Apache-2.0
// How linear maps pass relevance, by any rule.
#include <array>
#include <utility>

#include "explain/propagate.h"

namespace relevid {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

namespace {

/// The layer as it is, and magnitudes with the output's sign.
bool is_by_output_sign(const Share& share) {
  if (share.where != Where::kEverywhere || share.coefficient != 1 || share.terms.size() != 2) return false;
  const Term &own = share.terms[0], &magnitudes = share.terms[1];
  return own.input == InputPart::kAll && own.weight == kernels::WeightTransform{} &&
         own.bias.kind == kernels::BiasPart::Kind::kAll && own.coefficient == 1 &&
         own.sign == Term::Sign::kOwn && magnitudes.input == InputPart::kAbsolute &&
         magnitudes.sign == Term::Sign::kOutput;
}

bool is_constant(InputPart part) {
  return part == InputPart::kLow || part == InputPart::kHigh || part == InputPart::kOne;
}

}  // namespace

void Propagation::pass_linear(const Step& step, const Rule& rule, const Trace& trace,
                              const Relevance& relevance, DeferredAccount& account) {
  const ValueId input = step.input();
  Layer layer{step, trace.values[at(input)], never_negative_[at(input)] != 0, {}};
  const bool is_kept = step.fusion.result == step.node->output && trace.values[at(step.node->output)];
  if (is_kept && rule.reads_output()) {
    const Buffer& y = trace.values[at(step.node->output)];
    layer.y = relevance.winners ? relevance.winners.maximum->pick(y, relevance.winners.places) : y;
  }
  Relevance total;
  for (const Share& share : rule.shares) {
    Relevance part = through(layer, rule, share, relevance, account);
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

Buffer Propagation::input_part(const Layer& layer, InputPart part) {
  const Buffer& x = layer.x;
  switch (part) {
    case InputPart::kAll:
      return x;
    case InputPart::kPositive:
      return layer.x_never_negative ? x : library_.part(x, kernels::Sign::kPositive);
    case InputPart::kNegative:
      return library_.part(x, kernels::Sign::kNegative);
    case InputPart::kAbsolute:
      return layer.x_never_negative ? x : library_.times_sign(x, x);
    case InputPart::kLow:
    case InputPart::kHigh:
      return bound(layer.step.input(), part);
    case InputPart::kOne:
      return library_.filled(network_.graph().shape(layer.step.input()), 1);
  }
  return x;
}

const Buffer& Propagation::output(Layer& layer, const Relevance& relevance) {
  if (layer.y) return layer.y;
  constexpr kernels::BiasPart kAll{kernels::BiasPart::Kind::kAll};
  kernels::LinearMap& map = *layer.step.linear();
  layer.y = relevance.winners ? map.apply_at(relevance.winners, layer.x, relevance.r, {}, kAll)
                              : map.apply_where(layer.x, relevance.r, {}, kAll);
  return layer.y;
}

Buffer Propagation::term_of(Layer& layer, const Term& term, const Relevance& relevance) {
  const bool is_output = term.input == InputPart::kAll && term.weight == kernels::WeightTransform{} &&
                         term.bias.kind == kernels::BiasPart::Kind::kAll;
  Buffer part;
  if (is_output) {
    const Buffer& y = output(layer, relevance);
    part = library_.add(y, y, 0);  // a copy, because it is written over
  } else {
    const Buffer input = input_part(layer, term.input);
    kernels::LinearMap& map = *layer.step.linear();
    part = relevance.winners ? map.apply_at(relevance.winners, input, relevance.r, term.weight, term.bias)
                             : map.apply_where(input, relevance.r, term.weight, term.bias);
  }
  return term.sign == Term::Sign::kOutput ? library_.times_sign(part, output(layer, relevance)) : part;
}

Buffer Propagation::denominator(Layer& layer, const Share& share, const Relevance& relevance) {
  const kernels::Winners& winners = relevance.winners;
  Buffer z;
  for (const Term& term : share.terms) {
    if (is_constant(term.input) || (term.input == InputPart::kNegative && layer.x_never_negative)) continue;
    Buffer part = term_of(layer, term, relevance);
    if (!z && term.coefficient == 1) {
      z = std::move(part);
    } else {
      if (!z) z = library_.filled(part.shape(), 0);
      library_.accumulate(z, part, term.coefficient);
    }
  }
  const Buffer* constant = constant_terms(layer.step, share);
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
    library_.accumulate(sum, z, term.coefficient);
  }
  if (!sum) return nullptr;
  return &constants_.emplace(&share, std::move(sum)).first->second;
}

/// Note [Gamma in two terms] in rules.cpp, with what is done element by element in one pass each way.
Propagation::Relevance Propagation::through_signed(Layer& layer, const Rule& rule, const Share& share,
                                                   const Relevance& relevance, DeferredAccount& account) {
  const kernels::Winners& winners = relevance.winners;
  kernels::LinearMap& map = *layer.step.linear();
  const Term &own = share.terms[0], &magnitudes = share.terms[1];
  const Buffer& y = output(layer, relevance);
  kernels::SignedQuotient found;
  {
    const Buffer absolute = input_part(layer, magnitudes.input);
    const Buffer m = winners
                         ? map.apply_at(winners, absolute, relevance.r, magnitudes.weight, magnitudes.bias)
                         : map.apply_where(absolute, relevance.r, magnitudes.weight, magnitudes.bias);
    found = library_.signed_quotient(relevance.r, y, m, magnitudes.coefficient, rule.epsilon);
  }
  account.absorbed_by_epsilon.add(found.absorbed, 1);
  account.absorbed_by_bias.add(map.bias_dot(found.q, own.bias), 1);
  account.absorbed_by_bias.add(map.bias_dot(found.q_signed, magnitudes.bias), magnitudes.coefficient);
  const auto back = [&](Buffer s, const Term& term) {
    const std::array weights = {term.weight};
    return winners ? map.adjoints_at(winners, s, weights)[0] : map.adjoint(s, term.weight);
  };
  Relevance total{back(std::exchange(found.q, {}), own), {}, {}};
  const Buffer by_magnitudes = back(std::exchange(found.q_signed, {}), magnitudes);
  total.sums = library_.scale_by_signed(total.r, layer.x, by_magnitudes, magnitudes.coefficient);
  return total;
}

Propagation::Relevance Propagation::through(Layer& layer, const Rule& rule, const Share& share,
                                            const Relevance& relevance, DeferredAccount& account) {
  if (is_by_output_sign(share)) return through_signed(layer, rule, share, relevance, account);
  const auto& [r, winners, known_sums] = relevance;
  kernels::LinearMap& map = *layer.step.linear();
  Buffer numerator = r;
  if (share.where != Where::kEverywhere) {
    const auto sign =
        share.where == Where::kOutputPositive ? kernels::Sign::kPositive : kernels::Sign::kNegative;
    numerator = library_.keep_where(r, output(layer, relevance), sign);
    // What neither share takes is dropped: all of r less the two.
    if (account.dropped.empty()) account.dropped.add(known_sums ? known_sums : library_.sums(r), 1);
    account.dropped.add(library_.sums(numerator), -1);
  }
  Buffer q = denominator(layer, share, {numerator, winners});
  account.absorbed_by_epsilon.add(library_.quotient(q, numerator, rule.epsilon), share.coefficient);
  Buffer q_signed;  // q times the output's sign, for terms that take it
  const auto q_of = [&](const Term& term) -> const Buffer& {
    if (term.sign == Term::Sign::kOwn) return q;
    if (!q_signed) q_signed = library_.times_sign(q, output(layer, relevance));
    return q_signed;
  };

  std::vector<const Term*> terms;
  for (const Term& term : share.terms) {
    account.absorbed_by_bias.add(map.bias_dot(q_of(term), term.bias), share.coefficient * term.coefficient);
    if (term.input == InputPart::kNegative && layer.x_never_negative) continue;
    terms.push_back(&term);
  }
  Relevance total;
  for (size_t begin = 0, end = 0; begin < terms.size(); begin = end) {
    // Terms of one q go back together.
    std::vector<kernels::WeightTransform> weights;
    for (; end < terms.size() && terms[end]->sign == terms[begin]->sign; ++end)
      weights.push_back(terms[end]->weight);
    const Buffer& s = q_of(*terms[begin]);
    std::vector<Buffer> back = winners ? map.adjoints_at(winners, s, weights) : map.adjoints(s, weights);
    for (size_t i = 0; i < back.size(); ++i) add_term(layer, *terms[begin + i], std::move(back[i]), total);
  }
  return total;
}

void Propagation::add_term(const Layer& layer, const Term& term, Buffer back, Relevance& total) {
  kernels::Sums sums;
  if (term.input != InputPart::kOne) sums = library_.scale_by(back, input_part(layer, term.input));
  if (!total.r && term.coefficient == 1) {
    total = {std::move(back), {}, std::move(sums)};
    return;
  }
  if (!total.r) total.r = library_.filled(back.shape(), 0);
  library_.accumulate(total.r, back, term.coefficient);
  total.sums = {};
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
