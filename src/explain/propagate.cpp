// SPDX-License-Identifier: Apache-2.0
#include "explain/propagate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "base/overloaded.h"
#include "explain/attention.h"
#include "explain/exactness.h"
#include "graph/operator_traits.h"
#include "network/backward.h"
#include "relevid/error.h"
#include "tensor/strides.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;
using prepared::Plain;

/// Note [Growth]
/// Relevance of both signs grows where a sum cancels: shares of it are large, and what comes back is their
/// difference. Sums of magnitudes of some hundred times the score are common in deep networks. Beyond this
/// many times nothing is left: float32 keeps seven digits, so that the rounding of such numbers adds up to
/// more than a hundredth of the score, and what they came from has cancelled by as much.
constexpr double kMostGrowth = 1e5;

void append(std::vector<LayerFlow> more, std::vector<LayerFlow>& to) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Propagation::Propagation(Network& network, const Composite& composite, const Bounds* bounds)
    : network_(network),
      library_(network.library()),
      rules_(assign(composite, network.graph())),
      never_negative_(graph::never_negative(network.graph())) {
  find_positions();
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

void Propagation::pass_from_output(const Trace& trace, const Buffer& start,
                                   std::vector<DeferredAccount>* accounts, size_t first) {
  const graph::Graph& graph = network_.graph();
  relevance_.assign(graph.values.size(), {});
  relevance_[at(graph.output)] = {start};
  magnitudes_.clear();
  position_.clear();
  for (size_t i = graph.nodes.size(); i-- > first;) {
    const graph::Node& node = graph.nodes[i];
    // Taken out, so that it is freed as soon as it has been passed on.
    Relevance relevance = std::exchange(relevance_[at(node.output)], {});
    if (!relevance.r) continue;
    if (!takes_winners(i))
      relevance.r = densify({std::move(relevance.r), std::exchange(relevance.winners, {})});
    const Buffer& r = relevance.r;
    DeferredAccount account{
        {.name = node.name, .op = std::string(graph::name(node.op)), .rule = describe(node.op, rules_[i])}};
    std::vector<Relevance> before(node.inputs.size());
    for (size_t k = 0; k < before.size(); ++k) before[k] = std::exchange(relevance_[at(node.inputs[k])], {});
    pass_back(i, trace, relevance, account);
    const bool may_show_growth =
        traits(node.op).has(graph::kMayCancel) || traits(node.op).has(graph::kWeights);
    if (accounts && may_show_growth) magnitudes_.emplace_back(i, library_.absolute_sums(r));
    if (accounts) {
      if (!relevance.sums) relevance.sums = library_.sums(r);
      account.incoming.add(relevance.sums, 1);
      for (const ValueId input : std::set<ValueId>(node.inputs.begin(), node.inputs.end())) {
        // What leaves this layer comes into the one before it, so that its sums are kept.
        Relevance& given = relevance_[at(input)];
        if (!given.r) continue;
        if (!given.sums) given.sums = given.r.is_same(r) ? relevance.sums : library_.sums(given.r);
        account.outgoing.add(given.sums, 1);
      }
      if (std::holds_alternative<graph::Pad>(node.op)) account.rest = DeferredAccount::Rest::kDropped;
      accounts->push_back(std::move(account));
    }
    for (size_t k = 0; k < before.size(); ++k) {
      if (before[k].r) accumulate(node.inputs[k], std::move(before[k]));
    }
  }
}

void Propagation::require_sound(const Buffer& start) {
  std::vector<kernels::Sums> wanted = {library_.absolute_sums(start)};
  for (const auto& [node, sums] : magnitudes_) wanted.push_back(sums);
  const auto found = library_.fetch(wanted);
  const size_t clips = found[0].size();
  for (size_t i = 0; i < magnitudes_.size(); ++i) {
    const auto& entries = found[i + 1];
    std::vector<double> magnitude(clips, 0.0);
    for (size_t k = 0; k < entries.size(); ++k) magnitude[k * clips / entries.size()] += entries[k];
    for (size_t n = 0; n < clips; ++n) {
      if (magnitude[n] <= kMostGrowth * found[0][n] || found[0][n] == 0) continue;
      const graph::Node& node = network_.graph().nodes[magnitudes_[i].first];
      throw Error(
          ErrorKind::kUnsupportedModel,
          fmt::format(
              "these rules break down numerically on this model: at {} '{}' the magnitudes of relevance "
              "add up to {:.2g}, from a start of {:.2g}, and what is left of it is noise; take another "
              "method (value_path for transformers), or gamma in the layers before it",
              graph::name(node.op), node.name, magnitude[n], found[0][n]));
    }
  }
}

std::vector<Buffer> Propagation::run(const Trace& trace, const Buffer& start, std::vector<LayerFlow>* flows) {
  const graph::Graph& graph = network_.graph();
  std::vector<DeferredAccount> accounts;
  pass_from_output(trace, start, flows ? &accounts : nullptr, 0);
  std::vector<Buffer> result;
  for (const ValueId input : graph.inputs) {
    const Buffer r = densify(std::exchange(relevance_[at(input)], {}));
    result.push_back(r ? r : library_.filled(graph.shape(input), 0));
  }
  relevance_.clear();
  require_sound(start);
  if (flows) append(settle(library_, accounts, clips()), *flows);
  return result;
}

Propagation::Stopped Propagation::run_to(ValueId value, const Trace& trace, const Buffer& start,
                                         std::vector<LayerFlow>* flows) {
  const graph::Graph& graph = network_.graph();
  const auto writer = static_cast<size_t>(graph.writers()[at(value)]);
  std::vector<DeferredAccount> accounts;
  pass_from_output(trace, start, flows ? &accounts : nullptr, writer + 1);
  Stopped result{densify(std::exchange(relevance_[at(value)], {})), {}};
  if (!result.relevance) result.relevance = library_.filled(graph.shape(value), 0);
  DeferredSum around;
  for (const Relevance& rest : relevance_) {
    if (rest.r) around.add(library_.sums(rest.r), 1);
  }
  result.around = settle(library_, around, clips());
  if (flows) append(settle(library_, accounts, clips()), *flows);
  relevance_.clear();
  return result;
}

size_t Propagation::clips() const {
  return static_cast<size_t>(network_.graph().shape(network_.graph().output)[0]);
}

std::vector<ValueId> Propagation::also_read() const {
  std::vector<ValueId> result;
  const auto add = [&](const Step& step, ValueId value) {
    const bool is_there = step.fusion.runs && step.fusion.result == step.node->output;
    if (is_there || value != step.node->output) result.push_back(value);
  };
  for (size_t i = 0; i < rules_.size(); ++i) {
    const Step& step = network_.steps()[i];
    if (!rules_[i]) continue;
    const auto* linear = std::get_if<Rule>(&*rules_[i]);
    const auto* norm = std::get_if<NormRule>(&*rules_[i]);
    const bool is_dense =
        std::holds_alternative<graph::Dense>(step.node->op);  // few values for what they cost
    if (linear && linear->reads_output() && is_dense) add(step, step.node->output);
    if (!norm || *norm == NormRule::kPass) continue;
    add(step, step.node->output);
    if (std::holds_alternative<graph::Standardise>(step.node->op)) add(step, step.input());
  }
  return result;
}

namespace {

/// Whether a constant is added at a patch: a class token is one where no patch is.
bool adds_to_patches(const graph::Affine& op, const Shape& shape, const std::vector<int64_t>& places) {
  const auto shift = op.shift->as_doubles();
  bool found = false;
  for_each_offset(shape, broadcast_strides(op.shift->shape(), shape), [&](int64_t i, int64_t j) {
    found = found || (places[static_cast<size_t>(i)] >= 0 && shift[static_cast<size_t>(j)] != 0);
  });
  return found;
}

}  // namespace

void Propagation::find_positions() {
  std::vector<ValueId> sums;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const graph::Node& node = network_.graph().nodes[i];
    const auto* rule = rules_[i] ? std::get_if<NormRule>(&*rules_[i]) : nullptr;
    if (rule && *rule == NormRule::kLinear && std::holds_alternative<graph::Affine>(node.op))
      sums.push_back(node.output);
  }
  auto grid = std::make_unique<TokenGrid>(network_.graph(), library_, sums);
  for (const graph::Node& node : network_.graph().nodes) {
    const auto* places = grid->places(node.output);
    if (places &&
        adds_to_patches(std::get<graph::Affine>(node.op), network_.graph().shape(node.output), *places)) {
      grid_ = std::move(grid);
      return;
    }
  }
}

Tensor Propagation::position() const {
  if (!grid_) return {};
  Tensor result(grid_->shape(), DType::kF64);
  for (const auto& [value, taken] : position_) {
    const auto& places = *grid_->places(value);
    const auto relevance = library_.download(taken).as_doubles();
    for (size_t i = 0; i < relevance.size(); ++i) {
      if (places[i] >= 0) result.values<double>()[static_cast<size_t>(places[i])] += relevance[i];
    }
  }
  return result;
}

std::vector<std::string> Propagation::rule_names() const {
  std::vector<std::string> names;
  for (size_t i = 0; i < rules_.size(); ++i)
    names.push_back(describe(network_.graph().nodes[i].op, rules_[i]));
  return names;
}

Buffer Propagation::densify(Relevance relevance) {
  const auto& [maximum, places] = relevance.winners;
  return maximum ? maximum->route(relevance.r, places) : std::move(relevance.r);
}

void Propagation::accumulate(ValueId value, Relevance relevance) {
  Relevance& slot = relevance_[at(value)];
  if (!slot.r) {
    slot = std::move(relevance);
  } else {
    Buffer sum = densify(std::move(slot));
    add_to(library_, sum, densify(std::move(relevance)));
    slot = {std::move(sum)};
  }
}

bool Propagation::takes_winners(size_t index) const {
  const PreparedOperator& prepared = network_.steps()[index].prepared;
  return rules_[index] ? std::holds_alternative<prepared::Linear>(prepared)
                       : std::holds_alternative<Plain<Activation>>(prepared);
}

/// One overload for every way in which a step is prepared. Rules that are asked for are there: see `assign`.
struct Propagation::PassBack {
  Propagation& of;
  size_t index;
  const Trace& trace;
  const Relevance& relevance;
  DeferredAccount& account;

  const Step& step() const { return of.network_.steps()[index]; }
  ValueId input(size_t i = 0) const { return step().node->inputs[i]; }
  template <class R>
  const R& rule() const {
    return std::get<R>(*of.rules_[index]);
  }

  void operator()(const prepared::Linear& p) const {
    if (of.rules_[index]) return of.pass_linear(step(), rule<Rule>(), trace, relevance, account);
    of.accumulate(input(), p.map->adjoint(relevance.r, {}));  // a selection moves values
  }
  void operator()(const prepared::Maximum& p) const {
    if (rule<PoolingRule>() == PoolingRule::kEven) return of.accumulate(input(), p.map->share(relevance.r));
    Relevance at_winners{relevance.r, {p.map.get(), trace.winners[index]}};
    const bool has_windows = p.over == prepared::Maximum::Over::kWindows;
    of.accumulate(input(), has_windows ? std::move(at_winners) : Relevance{densify(std::move(at_winners))});
  }
  void operator()(const prepared::MatMul&) const {
    const auto parts =
        through_matrices(of.library_, step(), rule<ProductRule>(), trace, relevance.r, account);
    for (size_t i = 0; i < 2; ++i) {
      if (parts[i]) of.accumulate(input(i), parts[i]);
    }
  }
  void operator()(const prepared::Softmax&) const {
    of.accumulate(input(), through_softmax(of.library_, step(), trace, relevance.r, account));
  }
  void operator()(const prepared::Attention&) const {
    const auto parts = through_attention(of.library_, step(), rule<ProductRule>(), trace, relevance.r,
                                         of.gradients_[step().node->output], account);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (parts[i]) of.accumulate(input(i), parts[i]);
    }
  }
  void operator()(const prepared::Standardise& p) const {
    if (rule<NormRule>() == NormRule::kPass) return of.accumulate(input(), relevance);
    of.pass_norm(step(), *p.map, trace, relevance.r, account);
  }
  void operator()(const prepared::Affine& p) const {
    if (rule<NormRule>() == NormRule::kPass) return of.pass_scaling(index, *p.op, relevance.r, account);
    of.pass_shift(step(), p.shift, trace, relevance.r, account);
  }
  void operator()(const Plain<graph::Add>& p) const {
    of.pass_addition(step(), p.op->sign, rule<AdditionRule>(), trace, relevance.r, account);
  }
  void operator()(const Plain<graph::Multiply>& p) const {
    of.pass_product(step(), p.op->gate, rule<ProductRule>(), relevance.r);
  }
  /// Activations pass relevance as it is.
  template <OneOf<prepared::BatchNorm, prepared::PRelu, Plain<Activation>, Plain<graph::Dropout>> P>
  void operator()(const P&) const {
    of.accumulate(input(), relevance);
  }
  template <Moves Op>
  void operator()(const Plain<Op>& p) const {
    auto moved = moved_to_inputs(of.network_, *step().node, *p.op, relevance.r);
    for (size_t i = 0; i < moved.size(); ++i) of.accumulate(input(i), std::move(moved[i]));
  }
};

void Propagation::pass_back(size_t index, const Trace& trace, const Relevance& relevance,
                            DeferredAccount& account) {
  std::visit(PassBack{*this, index, trace, relevance, account}, network_.steps()[index].prepared);
}

void Propagation::pass_addition(const Step& step, double sign, AdditionRule rule, const Trace& trace,
                                const Buffer& r, DeferredAccount& account) {
  const graph::Node& node = *step.node;
  const Shape& shape = network_.graph().shape(node.output);
  const auto zero = [&] { return library_.filled(shape, 0); };
  if (rule == AdditionRule::kAttending) return pass_attending(node, r);
  if (rule == AdditionRule::kEven) {
    for (const ValueId input : node.inputs) {
      accumulate(input, library_.reduce_to(library_.add(zero(), r, 0.5), network_.graph().shape(input)));
    }
    return;
  }
  const auto summand = [&](size_t i) {
    const Buffer& x = trace.values[at(node.inputs[i])];
    return x.shape() == shape ? x : library_.add(zero(), x, 1);
  };
  Buffer a = summand(0), b = summand(1);
  if (rule == AdditionRule::kSameSign) {
    const Buffer sum = library_.add(a, b, sign);
    a = library_.keep_where(a, library_.multiply(a, sum), kernels::Sign::kPositive);
    b = library_.keep_where(b, library_.multiply(b, sum),
                            sign > 0 ? kernels::Sign::kPositive : kernels::Sign::kNegative);
  }
  kernels::SharedSum shared = library_.share(r, a, b, sign, kEpsilon);
  account.absorbed_by_epsilon.add(shared.absorbed, 1);
  const auto hand_on = [&](ValueId input, Buffer part, kernels::Sums sums) {
    const Shape& to = network_.graph().shape(input);
    if (to == shape) return accumulate(input, Relevance{std::move(part), {}, std::move(sums)});
    accumulate(input, library_.reduce_to(part, to));
  };
  hand_on(node.inputs[0], std::move(shared.to_a), std::move(shared.sum_a));
  hand_on(node.inputs[1], std::move(shared.to_b), std::move(shared.sum_b));
}

namespace {

/// What a summand is made of since the last sums before it.
struct Branch {
  bool attends = false;
  int layers = 0;
};

Branch branch_of(const graph::Graph& graph, ValueId summand) {
  const auto writers = graph.writers();
  Branch branch;
  std::set<ValueId> seen;
  std::vector<ValueId> open = {summand};
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    const int writer = writers[at(value)];
    if (!seen.insert(value).second || writer < 0) continue;
    const graph::Node& node = graph.nodes[static_cast<size_t>(writer)];
    if (std::holds_alternative<graph::Add>(node.op)) continue;
    branch.attends = branch.attends || std::holds_alternative<graph::Attention>(node.op);
    branch.layers += traits(node.op).has(graph::kWeights) ? 1 : 0;
    open.insert(open.end(), node.inputs.begin(), node.inputs.end());
  }
  return branch;
}

}  // namespace

void Propagation::pass_attending(const graph::Node& node, const Buffer& r) {
  const std::array branches = {branch_of(network_.graph(), node.inputs[0]),
                               branch_of(network_.graph(), node.inputs[1])};
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const Branch &own = branches[i], &other = branches[1 - i];
    const bool is_past_the_block =
        own.layers < other.layers || (own.layers == other.layers && (i == 0 || other.attends));
    if (!own.attends && !is_past_the_block) continue;
    const Shape& to = network_.graph().shape(node.inputs[i]);
    accumulate(node.inputs[i], to == r.shape() ? r : library_.reduce_to(r, to));
  }
}

void Propagation::pass_product(const Step& step, int gate, ProductRule rule, const Buffer& r) {
  const graph::Node& node = *step.node;
  const bool halves = rule == ProductRule::kHalf || gate < 0;
  for (int i = 0; i < 2; ++i) {
    if (!halves && i == gate) continue;
    const ValueId input = node.inputs[static_cast<size_t>(i)];
    const Shape& to = network_.graph().shape(input);
    Buffer part = halves ? library_.add(library_.filled(r.shape(), 0), r, 0.5) : r;
    accumulate(input, to == r.shape() ? std::move(part) : library_.reduce_to(part, to));
  }
}

/// y = scale x + shift: the shift absorbs shift R / s(y), and what is left, scale x R / s(y), is x's.
void Propagation::pass_shift(const Step& step, const Buffer& shift, const Trace& trace, const Buffer& r,
                             DeferredAccount& account) {
  const Buffer& y = trace.values[at(step.node->output)];
  Buffer q = library_.add(y, y, 0);  // a copy, because it is written over
  account.absorbed_by_epsilon.add(library_.quotient(q, r, kEpsilon), 1);
  Buffer taken = library_.multiply(q, shift);
  account.absorbed_by_bias.add(library_.sums(taken), 1);
  if (grid_ && grid_->places(step.node->output)) position_.emplace_back(step.node->output, std::move(taken));
  kernels::Sums sums = library_.scale_by(q, library_.add(y, shift, -1));
  accumulate(step.input(), Relevance{std::move(q), {}, std::move(sums)});
}

/// Note [Norms] in explain/composite.h.
void Propagation::pass_norm(const Step& step, kernels::StandardiseMap& map, const Trace& trace,
                            const Buffer& r, DeferredAccount& account) {
  const Buffer& x = trace.values[at(step.input())];
  const Buffer& y = trace.values[at(step.node->output)];
  Buffer q = library_.add(y, y, 0);  // a copy, because it is written over
  const kernels::Sums absorbed = library_.quotient(q, r, kEpsilon);
  Buffer passed = map.gradient(x, q, kernels::StandardiseMap::Deviation::kConstant);
  kernels::Sums sums = library_.scale_by(passed, x);
  account.absorbed_by_epsilon.add(absorbed, 1);
  account.absorbed_by_bias.add(library_.sums(r), 1);
  account.absorbed_by_bias.add(absorbed, -1);
  account.absorbed_by_bias.add(sums, -1);
  accumulate(step.input(), Relevance{std::move(passed), {}, std::move(sums)});
}

/// Constants pass; but what is scaled by 0 had no part in the output, whose value is the shift's.
void Propagation::pass_scaling(size_t index, const graph::Affine& op, const Buffer& r,
                               DeferredAccount& account) {
  const graph::Node& node = network_.graph().nodes[index];
  auto [found, is_new] = not_zero_.try_emplace(index);
  if (is_new) {
    std::vector<double> values = op.scale->as_doubles();
    if (std::ranges::count(values, 0.0) > 0) {
      for (double& value : values) value = value == 0 ? 0 : 1;
      found->second = library_.upload(Tensor::from(op.scale->shape(), values));
    }
  }
  if (!found->second) return accumulate(node.inputs[0], r);
  Buffer passed = library_.multiply(r, found->second);
  account.absorbed_by_bias.add(library_.sums(r), 1);
  account.absorbed_by_bias.add(library_.sums(passed), -1);
  accumulate(node.inputs[0], std::move(passed));
}

}  // namespace relevid
