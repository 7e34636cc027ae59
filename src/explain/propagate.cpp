// SPDX-License-Identifier: Apache-2.0
#include "explain/propagate.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "explain/attention.h"
#include "explain/exactness.h"
#include "network/backward.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

bool is_constant(InputPart part) {
  return part == InputPart::kLow || part == InputPart::kHigh || part == InputPart::kOne;
}

/// Sums per entry of axis 0 as sums per clip: networks that fold time into the batch have several entries a
/// clip.
std::vector<double> per_clip(const std::vector<double>& entries, size_t clips) {
  std::vector<double> result(clips, 0.0);
  for (size_t i = 0; i < entries.size(); ++i) result[i * clips / entries.size()] += entries[i];
  return result;
}

}  // namespace

Propagation::Propagation(Network& network, const Composite& composite, const Bounds* bounds)
    : network_(network),
      library_(network.library()),
      rules_(assign(composite, network.graph())),
      never_negative_(graph::never_negative(network.graph())) {
  const bool needs = std::ranges::any_of(rules_, [](const auto& rule) {
    const auto* r = rule ? std::get_if<Rule>(&*rule) : nullptr;
    return r && r->needs_bounds();
  });
  if (!needs) return;
  const auto& inputs = network.graph().inputs;
  if (!bounds || bounds->low.size() != inputs.size() || bounds->high.size() != inputs.size()) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format(
            "'{}' needs the smallest and largest value that the input can have (zB); give the model's "
            "preprocessing, or --low and --high",
            composite.name));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Buffer zero = library_.filled(network.graph().shape(inputs[i]), 0);
    bounds_[{inputs[i], InputPart::kLow}] = library_.add(zero, library_.upload(bounds->low[i]), 1);
    bounds_[{inputs[i], InputPart::kHigh}] = library_.add(zero, library_.upload(bounds->high[i]), 1);
  }
}

void Propagation::pass_from_output(const Trace& trace, const Buffer& start, std::vector<LayerFlow>* flows,
                                   size_t first) {
  const graph::Graph& graph = network_.graph();
  relevance_.assign(graph.values.size(), {});
  relevance_[at(graph.output)] = {start};
  for (size_t i = graph.nodes.size(); i-- > first;) {
    const graph::Node& node = graph.nodes[i];
    // Taken out, so that it is freed as soon as it has been passed on.
    Relevance relevance = std::exchange(relevance_[at(node.output)], {});
    if (!relevance.r) continue;
    if (!takes_winners(i))
      relevance.r = written_out({std::move(relevance.r), std::exchange(relevance.winners, {})});
    const Buffer& r = relevance.r;
    LayerFlow flow{node.name, std::string(graph::name(node.op)), describe(node.op, rules_[i]), {}, {}, {}, {},
                   {}};
    std::vector<Relevance> before(node.inputs.size());
    for (size_t k = 0; k < before.size(); ++k) before[k] = std::exchange(relevance_[at(node.inputs[k])], {});
    pass_back(i, trace, relevance, flow);
    if (flows) {
      const auto clips = static_cast<size_t>(graph.shape(graph.output)[0]);
      if (relevance.sums.empty()) relevance.sums = library_.sums(r);
      flow.outgoing.assign(clips, 0.0);
      for (const ValueId input : std::set<ValueId>(node.inputs.begin(), node.inputs.end())) {
        // What leaves this layer comes into the one before it, so that its sums are kept.
        Relevance& given = relevance_[at(input)];
        if (!given.r) continue;
        if (given.sums.empty()) given.sums = given.r.is_same(r) ? relevance.sums : library_.sums(given.r);
        add_scaled(flow.outgoing, per_clip(given.sums, clips), 1);
      }
      flow.incoming = relevance.sums;
      for (auto* part : {&flow.incoming, &flow.absorbed_by_bias, &flow.absorbed_by_epsilon, &flow.dropped}) {
        *part = per_clip(*part, clips);
      }
      if (std::holds_alternative<graph::Pad>(node.op)) {
        for (size_t n = 0; n < flow.dropped.size(); ++n)
          flow.dropped[n] = flow.incoming[n] - flow.outgoing[n];
      }
      flows->push_back(std::move(flow));
    }
    for (size_t k = 0; k < before.size(); ++k) {
      if (before[k].r) give(node.inputs[k], std::move(before[k]));
    }
  }
}

std::vector<Buffer> Propagation::run(const Trace& trace, const Buffer& start, std::vector<LayerFlow>* flows) {
  const graph::Graph& graph = network_.graph();
  pass_from_output(trace, start, flows, 0);
  std::vector<Buffer> result;
  for (const ValueId input : graph.inputs) {
    const Buffer r = written_out(std::exchange(relevance_[at(input)], {}));
    result.push_back(r ? r : library_.filled(graph.shape(input), 0));
  }
  relevance_.clear();
  return result;
}

Propagation::Stopped Propagation::run_to(ValueId value, const Trace& trace, const Buffer& start,
                                         std::vector<LayerFlow>* flows) {
  const graph::Graph& graph = network_.graph();
  const auto writer = static_cast<size_t>(graph.writers()[at(value)]);
  pass_from_output(trace, start, flows, writer + 1);
  Stopped result{written_out(std::exchange(relevance_[at(value)], {})), {}};
  if (!result.relevance) result.relevance = library_.filled(graph.shape(value), 0);
  const auto clips = static_cast<size_t>(graph.shape(graph.output)[0]);
  result.around.assign(clips, 0.0);
  for (const Relevance& rest : relevance_) {
    if (rest.r) add_scaled(result.around, per_clip(library_.sums(rest.r), clips), 1);
  }
  relevance_.clear();
  return result;
}

std::vector<std::string> Propagation::rule_names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < rules_.size(); ++i)
    names.push_back(describe(network_.graph().nodes[i].op, rules_[i]));
  return names;
}

Buffer Propagation::written_out(Relevance relevance) {
  const auto& [maximum, places] = relevance.winners;
  return maximum ? maximum->route(relevance.r, places) : std::move(relevance.r);
}

void Propagation::give(ValueId value, Relevance relevance) {
  Relevance& slot = relevance_[at(value)];
  if (!slot.r) {
    slot = std::move(relevance);
  } else {
    Buffer sum = written_out(std::move(slot));
    add_to(library_, sum, written_out(std::move(relevance)));
    slot = {std::move(sum)};
  }
}

bool Propagation::takes_winners(size_t index) const {
  const Step& step = network_.steps()[index];
  const auto& rule = rules_[index];
  return rule ? step.linear && std::holds_alternative<Rule>(*rule)
              : std::holds_alternative<graph::Activation>(step.node->op);
}

void Propagation::pass_back(size_t index, const Trace& trace, const Relevance& relevance, LayerFlow& flow) {
  const Buffer& r = relevance.r;
  const Step& step = network_.steps()[index];
  const graph::Node& node = *step.node;
  const auto& rule = rules_[index];
  if (auto moved = move_back(network_, node, r)) {
    for (size_t i = 0; i < moved->size(); ++i) give(node.inputs[i], std::move((*moved)[i]));
  } else if (step.softmax) {
    give(node.inputs[0], through_softmax(library_, step, trace, r, flow));
  } else if (!rule && step.linear) {  // a selection moves values
    give(node.inputs[0], step.linear->adjoint(r, {}));
  } else if (std::holds_alternative<graph::Affine>(node.op)) {
    pass_scaling(index, r, flow);
  } else if (!rule) {  // activations and normalisations pass
    give(node.inputs[0], relevance);
  } else if (step.product) {
    const auto parts = through_matrices(library_, step, std::get<ProductRule>(*rule), trace, r, flow);
    for (size_t i = 0; i < 2; ++i) {
      if (parts[i]) give(node.inputs[i], parts[i]);
    }
  } else if (const auto* linear = std::get_if<Rule>(&*rule)) {
    pass_linear(step, *linear, trace.values[at(node.inputs[0])], relevance, flow);
  } else if (const auto* pooling = std::get_if<PoolingRule>(&*rule)) {
    pass_maximum(index, *pooling, trace, r);
  } else if (const auto* addition = std::get_if<AdditionRule>(&*rule)) {
    pass_addition(step, *addition, trace, r, flow);
  } else {
    pass_product(step, std::get<ProductRule>(*rule), r);
  }
}

void Propagation::pass_maximum(size_t index, PoolingRule rule, const Trace& trace, const Buffer& r) {
  const Step& step = network_.steps()[index];
  const ValueId input = step.node->inputs[0];
  if (rule == PoolingRule::kEven) return give(input, step.maximum->share(r));
  Relevance relevance{r, {step.maximum.get(), trace.winners[index]}};
  const bool has_windows = std::holds_alternative<graph::MaxPool>(step.node->op);
  give(input, has_windows ? std::move(relevance) : Relevance{written_out(std::move(relevance))});
}

void Propagation::pass_linear(const Step& step, const Rule& rule, const Buffer& x, const Relevance& relevance,
                              LayerFlow& flow) {
  const ValueId input = step.node->inputs[0];
  const bool x_never_negative = never_negative_[at(input)] != 0;
  Relevance total;
  for (const Share& share : rule.shares) {
    Relevance part = through(step, rule, share, x, relevance, x_never_negative, flow);
    if (!total.r && share.coefficient == 1) {
      total = std::move(part);
    } else {
      if (!total.r) total.r = library_.filled(part.r.shape(), 0);
      library_.accumulate(total.r, part.r, share.coefficient);
      total.sums.clear();
    }
  }
  give(input, std::move(total));
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
      return bound(step.node->inputs[0], part);
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
    Buffer part = winners ? step.linear->apply_at(winners, input, r, term.weight, term.bias)
                          : step.linear->apply_where(input, r, term.weight, term.bias);
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
    const Shape& shape = network_.graph().shape(step.node->inputs[0]);
    const Buffer part =
        term.input == InputPart::kOne ? library_.filled(shape, 1) : bound(step.node->inputs[0], term.input);
    const Buffer z = step.linear->apply(part, term.weight, term.bias);
    if (!sum) sum = library_.filled(z.shape(), 0);
    library_.accumulate(sum, z, term.sign);
  }
  if (!sum) return nullptr;
  return &constants_.emplace(&share, std::move(sum)).first->second;
}

Propagation::Relevance Propagation::through(const Step& step, const Rule& rule, const Share& share,
                                            const Buffer& x, const Relevance& relevance,
                                            bool x_never_negative, LayerFlow& flow) {
  const auto& [r, winners, known_sums] = relevance;
  Buffer numerator = r;
  if (share.where != Where::kEverywhere) {
    Buffer y = step.linear->apply(x, {}, {kernels::BiasPart::Kind::kAll});
    if (winners) y = winners.maximum->pick(y, winners.places);
    const auto sign =
        share.where == Where::kOutputPositive ? kernels::Sign::kPositive : kernels::Sign::kNegative;
    numerator = library_.keep_where(r, y, sign);
    // What neither share takes is dropped: all of r less the two.
    if (flow.dropped.empty()) flow.dropped = known_sums.empty() ? library_.sums(r) : known_sums;
    add_scaled(flow.dropped, library_.sums(numerator), -1);
  }
  Buffer q = denominator(step, share, x, {numerator, winners}, x_never_negative);
  add_scaled(flow.absorbed_by_epsilon, library_.quotient(q, numerator, rule.epsilon), share.coefficient);

  std::vector<const Term*> terms;
  std::vector<kernels::WeightTransform> weights;
  for (const Term& term : share.terms) {
    add_scaled(flow.absorbed_by_bias, step.linear->bias_dot(q, term.bias), share.coefficient * term.sign);
    if (term.input == InputPart::kNegative && x_never_negative) continue;
    terms.push_back(&term);
    weights.push_back(term.weight);
  }
  std::vector<Buffer> back =
      winners ? step.linear->adjoints_at(winners, q, weights) : step.linear->adjoints(q, weights);
  Relevance total;
  for (size_t i = 0; i < terms.size(); ++i) {
    std::vector<double> sums;
    if (terms[i]->input != InputPart::kOne)
      sums = library_.scale_by(back[i], input_part(step, terms[i]->input, x, x_never_negative));
    if (!total.r && terms[i]->sign == 1) {
      total = {std::move(back[i]), {}, std::move(sums)};
    } else {
      if (!total.r) total.r = library_.filled(x.shape(), 0);
      library_.accumulate(total.r, back[i], terms[i]->sign);
      total.sums.clear();
    }
  }
  return total;
}

void Propagation::pass_addition(const Step& step, AdditionRule rule, const Trace& trace, const Buffer& r,
                                LayerFlow& flow) {
  const graph::Node& node = *step.node;
  const Shape& shape = network_.graph().shape(node.output);
  const auto zero = [&] { return library_.filled(shape, 0); };
  if (rule == AdditionRule::kEven) {
    for (const ValueId input : node.inputs) {
      give(input, library_.reduce_to(library_.add(zero(), r, 0.5), network_.graph().shape(input)));
    }
    return;
  }
  const auto summand = [&](size_t i) {
    const Buffer& x = trace.values[at(node.inputs[i])];
    return x.shape() == shape ? x : library_.add(zero(), x, 1);
  };
  const double sign = std::get<graph::Add>(node.op).sign;
  Buffer a = summand(0), b = summand(1);
  if (rule == AdditionRule::kSameSign) {
    const Buffer sum = library_.add(a, b, sign);
    a = library_.keep_where(a, library_.multiply(a, sum), kernels::Sign::kPositive);
    b = library_.keep_where(b, library_.multiply(b, sum),
                            sign > 0 ? kernels::Sign::kPositive : kernels::Sign::kNegative);
  }
  kernels::SharedSum shared = library_.share(r, a, b, sign, norm_rule().epsilon);
  add_scaled(flow.absorbed_by_epsilon, shared.absorbed, 1);
  const auto hand_on = [&](ValueId input, Buffer part, std::vector<double> sums) {
    const Shape& to = network_.graph().shape(input);
    if (to == shape) return give(input, Relevance{std::move(part), {}, std::move(sums)});
    give(input, library_.reduce_to(part, to));
  };
  hand_on(node.inputs[0], std::move(shared.to_a), std::move(shared.sum_a));
  hand_on(node.inputs[1], std::move(shared.to_b), std::move(shared.sum_b));
}

void Propagation::pass_product(const Step& step, ProductRule rule, const Buffer& r) {
  const graph::Node& node = *step.node;
  const int gate = std::get<graph::Multiply>(node.op).gate;
  const bool halves = rule == ProductRule::kHalf || gate < 0;
  for (int i = 0; i < 2; ++i) {
    if (!halves && i == gate) continue;
    const ValueId input = node.inputs[static_cast<size_t>(i)];
    const Shape& to = network_.graph().shape(input);
    Buffer part = halves ? library_.add(library_.filled(r.shape(), 0), r, 0.5) : r;
    give(input, to == r.shape() ? std::move(part) : library_.reduce_to(part, to));
  }
}

/// Constants pass; but what is scaled by 0 had no part in the output, whose value is the shift's.
void Propagation::pass_scaling(size_t index, const Buffer& r, LayerFlow& flow) {
  const graph::Node& node = network_.graph().nodes[index];
  auto [found, is_new] = not_zero_.try_emplace(index);
  if (is_new) {
    std::vector<double> values = std::get<graph::Affine>(node.op).scale->as_doubles();
    if (std::ranges::count(values, 0.0) > 0) {
      for (double& value : values) value = value == 0 ? 0 : 1;
      found->second = library_.upload(Tensor::from(std::get<graph::Affine>(node.op).scale->shape(), values));
    }
  }
  if (!found->second) return give(node.inputs[0], r);
  Buffer passed = library_.multiply(r, found->second);
  flow.absorbed_by_bias = library_.sums(r);
  add_scaled(flow.absorbed_by_bias, library_.sums(passed), -1);
  give(node.inputs[0], std::move(passed));
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
