// SPDX-License-Identifier: Apache-2.0
#include "explain/gradient.h"

#include <utility>

#include "explain/propagate.h"

namespace relevid {
namespace {

using graph::ValueId;
using kernels::Buffer;

size_t at(ValueId value) {
  return static_cast<size_t>(value);
}

class GradientPass {
 public:
  GradientPass(Network& network, const Trace& trace, kernels::GradientMode mode)
      : network_(network),
        library_(network.library()),
        trace_(trace),
        mode_(mode),
        g_(network.graph().values.size()) {}

  std::vector<Buffer> run(const Buffer& start) {
    const graph::Graph& graph = network_.graph();
    g_[at(graph.output)] = start;
    for (size_t i = graph.nodes.size(); i-- > 0;) {
      const Buffer g = std::exchange(g_[at(graph.nodes[i].output)], {});
      if (g) pass_back(i, g);
    }
    std::vector<Buffer> result;
    for (const ValueId input : graph.inputs) {
      result.push_back(g_[at(input)] ? g_[at(input)] : library_.filled(graph.shape(input), 0));
    }
    return result;
  }

 private:
  void give(ValueId value, const Buffer& g) {
    const Shape& to = network_.graph().shape(value);
    accumulate_at(library_, g_, value, to == g.shape() ? g : library_.reduce_to(g, to));
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
    } else if (const auto* add = std::get_if<graph::Add>(&node.op)) {
      give(input, g);
      give(node.inputs[1], add->sign == 1 ? g : library_.add(library_.filled(g.shape(), 0), g, add->sign));
    } else {  // a product
      for (size_t i = 0; i < 2; ++i) {
        give(node.inputs[i], library_.multiply(g, trace_.values[at(node.inputs[1 - i])]));
      }
    }
  }

  Network& network_;
  kernels::Library& library_;
  const Trace& trace_;
  kernels::GradientMode mode_;
  std::vector<Buffer> g_;
};

}  // namespace

std::vector<Buffer> gradient(Network& network, const Trace& trace, const Buffer& start,
                             kernels::GradientMode mode) {
  return GradientPass(network, trace, mode).run(start);
}

}  // namespace relevid
