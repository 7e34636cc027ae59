// SPDX-License-Identifier: Apache-2.0
#include "network/gradient.h"

#include <algorithm>
#include <utility>

#include "network/backward.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

class GradientPass {
 public:
  GradientPass(Network& network, const Trace& trace, kernels::GradientMode mode)
      : network_(network),
        library_(network.library()),
        trace_(trace),
        mode_(mode),
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

  Buffer by_value(const Buffer& start, ValueId value) {
    std::ranges::fill(wanted_, 0);
    wanted_[at(value)] = 1;
    for (const graph::Node& node : network_.graph().nodes) {
      if (any_wanted(node.inputs)) wanted_[at(node.output)] = 1;
    }
    watched_ = value;
    run(start);
    return g_[at(value)] ? g_[at(value)] : library_.filled(network_.graph().shape(value), 0);
  }

  void by_parameters(const Buffer& start, std::span<const char> trained, const TakeGradient& take) {
    trained_.assign(trained.begin(), trained.end());
    take_ = take;
    want_parameters();
    run(start);
  }

 private:
  /// Marks the values that depend on trained parameters: the others' gradients lead to none.
  void want_parameters() {
    std::ranges::fill(wanted_, 0);
    for (size_t i = 0; i < trained_.size(); ++i) {
      const graph::Node& node = network_.graph().nodes[i];
      wanted_[at(node.output)] = trained_[i] || any_wanted(node.inputs);
    }
  }

  bool any_wanted(const std::vector<ValueId>& values) const {
    return std::ranges::any_of(values, [&](ValueId value) { return wanted_[at(value)] != 0; });
  }

  void run(const Buffer& start) {
    const graph::Graph& graph = network_.graph();
    g_[at(graph.output)] = start;
    for (size_t i = graph.nodes.size(); i-- > 0;) {
      if (graph.nodes[i].output == watched_) return;  // every reader of it has been passed
      const Buffer g = std::exchange(g_[at(graph.nodes[i].output)], {});
      if (!g) continue;
      const Step& step = network_.steps()[i];
      if (step.norm) {
        pass_norm(i, g);
        continue;
      }
      if (trained_[i]) take_(i, step.linear->parameter_gradient(trace_.values[at(step.node->inputs[0])], g));
      if (any_wanted(step.node->inputs)) pass_back(i, g);
    }
  }

  void give(ValueId value, const Buffer& g) {
    if (!wanted_[at(value)]) return;
    const Shape& to = network_.graph().shape(value);
    accumulate_at(library_, g_, value, to == g.shape() ? g : library_.reduce_to(g, to));
  }

  void pass_norm(size_t index, const Buffer& g) {
    const Step& step = network_.steps()[index];
    const ValueId input = step.node->inputs[0];
    kernels::ParameterGradient parameters;
    give(input,
         step.norm->gradient(trace_.values[at(input)], g, *std::get<graph::BatchNorm>(step.node->op).scale,
                             trace_.statistics[index], parameters));
    if (trained_[index]) take_(index, std::move(parameters));
  }

  void pass_back(size_t index, const Buffer& g) {
    const Step& step = network_.steps()[index];
    const graph::Node& node = *step.node;
    const ValueId input = node.inputs[0];
    if (auto moved = move_back(network_, node, g)) {
      for (size_t i = 0; i < moved->size(); ++i) give(node.inputs[i], (*moved)[i]);
    } else if (step.linear) {
      give(input, step.linear->adjoint(g, {}));
    } else if (step.maximum) {
      give(input, step.maximum->route(g, trace_.winners[index]));
    } else if (std::holds_alternative<graph::Activation>(node.op)) {
      const ValueId kept = slope_from_output(step.activation) ? node.output : input;
      give(input, library_.activation_gradient(trace_.values[at(kept)], g, step.activation, mode_));
    } else if (std::holds_alternative<graph::Affine>(node.op)) {
      give(input, library_.multiply(g, step.scale));
    } else if (std::holds_alternative<graph::Dropout>(node.op)) {
      give(input, trace_.masks[index] ? library_.multiply(g, trace_.masks[index]) : g);
    } else if (const auto* add = std::get_if<graph::Add>(&node.op)) {
      give(input, g);
      give(node.inputs[1], add->sign == 1 ? g : library_.add(library_.filled(g.shape(), 0), g, add->sign));
    } else if (step.standardise) {
      give(input, step.standardise->gradient(trace_.values[at(input)], g));
    } else if (step.softmax) {
      give(input, step.softmax->gradient(trace_.values[at(node.output)], g));
    } else if (std::holds_alternative<graph::PRelu>(node.op)) {
      give(input, kernels::prelu_gradient(library_, trace_.values[at(input)], g, step.scale));
    } else {
      pass_product(step, g);
    }
  }

  void pass_product(const Step& step, const Buffer& g) {
    const std::vector<ValueId>& inputs = step.node->inputs;
    const auto value = [&](size_t i) -> const Buffer& { return trace_.values[at(inputs[i])]; };
    if (step.product) {
      give(inputs[0], step.product->by_left(g, value(1)));
      give(inputs[1], step.product->by_right(value(0), g));
    } else {
      for (size_t i = 0; i < 2; ++i) give(inputs[i], library_.multiply(g, value(1 - i)));
    }
  }

  Network& network_;
  kernels::Library& library_;
  const Trace& trace_;
  kernels::GradientMode mode_;
  std::vector<char> wanted_;   ///< by value: whether its gradient is of use
  std::vector<char> trained_;  ///< by step
  ValueId watched_ = -1;       ///< where the pass ends, if anywhere
  TakeGradient take_;
  std::vector<Buffer> g_;  ///< by value, while a run goes on
};

}  // namespace

std::vector<Buffer> gradient(Network& network, const Trace& trace, const Buffer& start,
                             kernels::GradientMode mode) {
  return GradientPass(network, trace, mode).by_inputs(start);
}

Buffer gradient_at(Network& network, const Trace& trace, const Buffer& start, ValueId value) {
  return GradientPass(network, trace, kernels::GradientMode::kPlain).by_value(start, value);
}

void parameter_gradients(Network& network, const Trace& trace, const Buffer& start,
                         std::span<const char> trained, const TakeGradient& take) {
  GradientPass(network, trace, kernels::GradientMode::kPlain).by_parameters(start, trained, take);
}

}  // namespace relevid
