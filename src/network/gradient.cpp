// SPDX-License-Identifier: Apache-2.0
#include "network/gradient.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "network/backward.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;
using prepared::Plain;

class GradientPass {
 public:
  GradientPass(Network& network, const Trace& trace, kernels::GradientMode mode,
               BackwardPaths paths = BackwardPaths::kAll)
      : network_(network),
        library_(network.library()),
        trace_(trace),
        mode_(mode),
        prunes_(paths == BackwardPaths::kLibra),
        wanted_(network.graph().values.size(), 1),
        trained_(network.steps().size(), 0),
        g_(network.graph().values.size()) {}

  std::vector<Buffer> by_inputs(const Buffer& start) {
    run(start);
    std::vector<Buffer> result;
    for (const ValueId input : network_.graph().inputs) {
      result.push_back(g_[at(input)] ? g_[at(input)] : library_.filled(network_.graph().shape(input), 0));
    }
    return result;
  }

  std::vector<Buffer> by_values(const Buffer& start, std::span<const ValueId> values) {
    std::ranges::fill(wanted_, 0);
    for (const ValueId value : values) wanted_[at(value)] = 1;
    for (const graph::Node& node : network_.graph().nodes) {
      if (any_wanted(node.inputs)) wanted_[at(node.output)] = 1;
    }
    watched_.insert(values.begin(), values.end());
    run(start);
    std::vector<Buffer> result;
    for (const ValueId value : values) {
      const Buffer& g = found_.contains(value) ? found_.at(value) : g_[at(value)];
      result.push_back(g ? g : library_.filled(network_.graph().shape(value), 0));
    }
    return result;
  }

  void by_parameters(const Buffer& start, const TakeGradient& take) {
    trained_.assign(network_.trained().begin(), network_.trained().end());
    wanted_ = network_.depends_on_trained();
    take_ = take;
    run(start);
  }

 private:
  bool any_wanted(const std::vector<ValueId>& values) const {
    return std::ranges::any_of(values, [&](ValueId value) { return wanted_[at(value)] != 0; });
  }

  void run(const Buffer& start) {
    const graph::Graph& graph = network_.graph();
    g_[at(graph.output)] = start;
    for (size_t i = graph.nodes.size(); i-- > 0;) {
      const ValueId output = graph.nodes[i].output;
      const Buffer g = std::exchange(g_[at(output)], {});
      if (watched_.contains(output)) {  // every reader of it has been passed
        found_[output] = g;
        if (found_.size() == watched_.size()) return;
      }
      if (!g) continue;
      const Step& step = network_.steps()[i];
      if (trained_[i] && step.linear())
        take_(i, step.linear()->parameter_gradient(trace_.values[at(step.input())], g));
      if (const auto* affine = std::get_if<prepared::Affine>(&step.prepared); affine && trained_[i])
        take_(i, by_factors(*affine, trace_.values[at(step.input())], g));
      if (any_wanted(step.node->inputs) || has_both_gradients(step)) pass_back(i, g);
    }
  }

  /// Of Σ g (scale x + shift) by scale and shift.
  kernels::ParameterGradient by_factors(const prepared::Affine& p, const Buffer& x, const Buffer& g) {
    const auto summed = [&](const Buffer& part, const Shape& to) {
      return library_.download(library_.reduce_to(part, to));
    };
    return {summed(library_.multiply(g, x), p.scale.shape()), summed(g, p.shift.shape())};
  }

  /// Of a batch norm the gradients by parameters and by the input come out of one computation.
  static bool has_both_gradients(const Step& step) {
    return std::holds_alternative<prepared::BatchNorm>(step.prepared);
  }

  void accumulate(ValueId value, const Buffer& g) {
    if (!wanted_[at(value)]) return;
    const Shape& to = network_.graph().shape(value);
    accumulate_at(library_, g_, value, to == g.shape() ? g : library_.reduce_to(g, to));
  }

  void pass_back(size_t index, const Buffer& g) {
    const Step& step = network_.steps()[index];
    std::visit([&](const auto& p) { pass(p, index, g); }, step.prepared);
  }

  const Step& step(size_t index) const { return network_.steps()[index]; }
  ValueId input(size_t index, size_t i = 0) const { return step(index).node->inputs[i]; }
  const Buffer& value(ValueId id) const { return trace_.values[at(id)]; }
  const Buffer& output(size_t index) const { return value(step(index).node->output); }

  void pass(const prepared::Linear& p, size_t index, const Buffer& g) {
    accumulate(input(index), p.map->adjoint(g, {}));
  }
  void pass(const prepared::Maximum& p, size_t index, const Buffer& g) {
    accumulate(input(index), p.map->route(g, trace_.winners[index]));
  }
  void pass(const prepared::BatchNorm& p, size_t index, const Buffer& g) {
    kernels::ParameterGradient parameters;
    accumulate(input(index),
               p.map->gradient(value(input(index)), g, *p.op->scale, trace_.statistics[index], parameters));
    if (trained_[index]) take_(index, std::move(parameters));
  }
  void pass(const prepared::Standardise& p, size_t index, const Buffer& g) {
    using Deviation = kernels::StandardiseMap::Deviation;
    accumulate(input(index),
               p.map->gradient(value(input(index)), g, prunes_ ? Deviation::kConstant : Deviation::kOfInput));
  }
  void pass(const prepared::Attention& p, size_t index, const Buffer& g) {
    const auto operands = attention_operands(*step(index).node, trace_);
    if (prunes_) return accumulate(input(index, 2), p.map->by_values(operands, g));
    const auto by = p.map->gradient(operands, g);
    accumulate(input(index, 0), by.q);
    accumulate(input(index, 1), by.k);
    accumulate(input(index, 2), by.v);
    if (by.bias) accumulate(input(index, 3), by.bias);
  }
  void pass(const prepared::Softmax& p, size_t index, const Buffer& g) {
    accumulate(input(index), p.map->gradient(output(index), g));
  }
  void pass(const prepared::MatMul& p, size_t index, const Buffer& g) {
    const int weights = p.op->weights;
    const Buffer part = prunes_ && weights < 0 ? halved(g) : g;
    if (!prunes_ || weights != 0) accumulate(input(index, 0), p.map->by_left(part, value(input(index, 1))));
    if (!prunes_ || weights != 1) accumulate(input(index, 1), p.map->by_right(value(input(index, 0)), part));
  }
  void pass(const prepared::Affine& p, size_t index, const Buffer& g) {
    accumulate(input(index), library_.multiply(g, p.scale));
  }
  void pass(const prepared::PRelu& p, size_t index, const Buffer& g) {
    accumulate(input(index), kernels::prelu_gradient(library_, value(input(index)), g, p.slope));
  }
  void pass(const Plain<Activation>& p, size_t index, const Buffer& g) {
    if (prunes_ && !is_piecewise_linear(*p.op) && !slope_from_output(*p.op))
      return accumulate(input(index), library_.multiply(g, secant(*p.op, value(input(index)))));
    const Buffer& kept = slope_from_output(*p.op) ? output(index) : value(input(index));
    accumulate(input(index), library_.activation_gradient(kept, g, *p.op, mode_));
  }
  void pass(const Plain<graph::Add>& p, size_t index, const Buffer& g) {
    accumulate(input(index, 0), g);
    const double sign = p.op->sign;
    accumulate(input(index, 1), sign == 1 ? g : library_.add(library_.filled(g.shape(), 0), g, sign));
  }
  void pass(const Plain<graph::Multiply>& p, size_t index, const Buffer& g) {
    const Buffer part = prunes_ && p.op->gate < 0 ? halved(g) : g;
    for (size_t i = 0; i < 2; ++i) {
      if (prunes_ && static_cast<int>(i) == p.op->gate) continue;
      accumulate(input(index, i), library_.multiply(part, value(input(index, 1 - i))));
    }
  }
  Buffer halved(const Buffer& g) { return library_.add(g, g, -0.5); }
  /// f(x) / x, and 0 where x is 0.
  Buffer secant(const Activation& f, const Buffer& x) {
    Buffer ratio = library_.add(x, x, 0);  // a copy, because it is written over
    library_.quotient(ratio, library_.activate(x, f), 0);
    return ratio;
  }
  void pass(const Plain<graph::Dropout>&, size_t index, const Buffer& g) {
    accumulate(input(index), trace_.masks[index] ? library_.multiply(g, trace_.masks[index]) : g);
  }
  template <Moves Op>
  void pass(const Plain<Op>& p, size_t index, const Buffer& g) {
    const auto moved = moved_to_inputs(network_, *step(index).node, *p.op, g);
    for (size_t i = 0; i < moved.size(); ++i) accumulate(input(index, i), moved[i]);
  }

  Network& network_;
  kernels::Library& library_;
  const Trace& trace_;
  kernels::GradientMode mode_;
  bool prunes_;                      ///< BackwardPaths::kLibra
  std::vector<char> wanted_;         ///< by value: whether its gradient is of use
  std::vector<char> trained_;        ///< by step
  std::set<ValueId> watched_;        ///< the pass ends where all of them have their gradient
  std::map<ValueId, Buffer> found_;  ///< of those
  TakeGradient take_;
  std::vector<Buffer> g_;  ///< by value, while a run goes on
};

}  // namespace

std::vector<Buffer> gradient(Network& network, const Trace& trace, const Buffer& start,
                             kernels::GradientMode mode, BackwardPaths paths) {
  return GradientPass(network, trace, mode, paths).by_inputs(start);
}

Buffer gradient_at(Network& network, const Trace& trace, const Buffer& start, ValueId value) {
  return gradients_at(network, trace, start, std::span(&value, 1)).front();
}

std::vector<Buffer> gradients_at(Network& network, const Trace& trace, const Buffer& start,
                                 std::span<const ValueId> values) {
  return GradientPass(network, trace, kernels::GradientMode::kPlain).by_values(start, values);
}

void parameter_gradients(Network& network, const Trace& trace, const Buffer& start,
                         const TakeGradient& take) {
  GradientPass(network, trace, kernels::GradientMode::kPlain).by_parameters(start, take);
}

}  // namespace relevid
