// SPDX-License-Identifier: Apache-2.0
#include "network/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "graph/operator_traits.h"
#include "network/fusion.h"
#include "network/movement.h"
#include "network/shared_frames.h"
#include "network/specs.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;
using prepared::Plain;

/// Whether activations that are off by a bf16's rounding would change an explanation by much more. Sums and
/// products of computed values cancel, and rules divide by them: by deep_taylor, maps of MoViNet-A0 with its
/// activations rounded had cosines of 0.1 to 0.9 with those in float32, and with what came after
/// rounded 0.99999.
bool explanations_need_float32(const graph::Graph& graph) {
  return std::ranges::any_of(graph.nodes,
                             [](const graph::Node& node) { return traits(node.op).has(graph::kMayCancel); });
}

}  // namespace

Network::Network(graph::Graph graph, kernels::Library& library, Purpose purpose)
    : graph_(std::move(graph)),
      library_(library),
      forward_in_float32_(purpose == Purpose::kExplanation && explanations_need_float32(graph_)) {
  const auto fusions = fuse(graph_, purpose == Purpose::kInference ? Residuals::kFused : Residuals::kApart);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const graph::Node& node = graph_.nodes[i];
    steps_.push_back({&node, fusions[i], prepare(node, fusions[i])});
    trained_.push_back(is_trained(node.op));
  }
}

PreparedOperator Network::prepare(const graph::Node& node, const Fusion& fusion) {
  const Shape& input = graph_.shape(node.inputs[0]);
  const auto linear = [&](const auto&) -> PreparedOperator {
    return prepared::Linear{prepare_like(fusion, *linear_spec(graph_, node), input)};
  };
  const auto maximum = [&](prepared::Maximum::Over over) -> PreparedOperator {
    return prepared::Maximum{library_.prepare_max(*max_spec(node), input), over};
  };
  return std::visit(
      Overloaded{
          [&](const OneOf<graph::Convolution, graph::TransposedConvolution, graph::Dense, graph::AveragePool,
                          graph::Resample> auto& op) { return linear(op); },
          [&](const graph::MaxPool&) { return maximum(prepared::Maximum::Over::kWindows); },
          [&](const graph::Reduce& op) {
            return op.kind == graph::Reduce::Kind::kMax ? maximum(prepared::Maximum::Over::kAxes)
                                                        : linear(op);
          },
          [&](const graph::BatchNorm& op) -> PreparedOperator {
            return prepared::BatchNorm{&op, library_.prepare_norm(input, op.epsilon)};
          },
          [&](const graph::Standardise& op) -> PreparedOperator {
            return prepared::Standardise{library_.prepare_standardise(standardise_spec(op), input)};
          },
          [&](const graph::Softmax& op) -> PreparedOperator {
            return prepared::Softmax{std::make_unique<kernels::SoftmaxMap>(library_, input, op.axis)};
          },
          [&](const graph::MatMul& op) -> PreparedOperator {
            return prepared::MatMul{&op, library_.prepare_product(input, graph_.shape(node.inputs[1]))};
          },
          [&](const graph::Attention& op) -> PreparedOperator {
            return prepared::Attention{
                &op, library_.prepare_attention(attention_spec(op), input, graph_.shape(node.inputs[1]),
                                                graph_.shape(node.inputs[2]))};
          },
          [&](const graph::Affine& op) -> PreparedOperator {
            return prepared::Affine{&op, library_.upload(*op.scale), library_.upload(*op.shift)};
          },
          [&](const graph::PRelu& op) -> PreparedOperator {
            return prepared::PRelu{library_.upload(*op.slope)};
          },
          [](const OneOf<Activation, graph::Add, graph::Multiply, graph::Dropout, graph::Concat, graph::Slice,
                         graph::Pad, graph::Reshape, graph::Transpose> auto& op) -> PreparedOperator {
            return Plain<std::remove_cvref_t<decltype(op)>>{&op};
          }},
      node.op);
}

std::unique_ptr<kernels::LinearMap> Network::prepare_like(const Fusion& fusion,
                                                          const kernels::LinearSpec& spec,
                                                          const Shape& input) const {
  kernels::Epilogue epilogue{fusion.activation};
  epilogue.in_float32 = forward_in_float32_;
  if (fusion.residual >= 0) epilogue.residual = kernels::Epilogue::Residual::kAdded;
  return library_.prepare(spec, input, epilogue);
}

kernels::AttentionMap::Operands attention_operands(const graph::Node& node, const Trace& trace) {
  const auto value = [&](size_t i) { return trace.values[at(node.inputs[i])]; };
  return {value(0), value(1), value(2), node.inputs.size() > 3 ? value(3) : Buffer{}};
}

std::vector<char> Network::kept_values(Keep keep) const {
  std::vector<char> kept(graph_.values.size(), 0);
  kept[at(graph_.output)] = 1;
  if (keep == Keep::kNothing) return kept;
  const bool trains = keep == Keep::kTraining;
  // Whether the backward pass goes through the value.
  const std::vector<char> goes_back =
      trains ? depends_on_trained() : std::vector<char>(graph_.values.size(), 1);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const graph::Node& node = graph_.nodes[i];
    const bool by_parameters = trains && trained_[i];
    const bool by_inputs =
        std::ranges::any_of(node.inputs, [&](ValueId input) { return goes_back[at(input)] != 0; });
    if (!by_parameters && !by_inputs) continue;
    using graph::Reads;
    const Reads reads =
        keep == Keep::kRelevance ? graph::relevance_reads(node.op) : graph::gradient_reads(node.op);
    if (by_parameters || reads == Reads::kInputs || reads == Reads::kInputsAndOutput) {
      for (const ValueId input : node.inputs) kept[at(input)] = 1;
    }
    if (reads == Reads::kOutput || reads == Reads::kInputsAndOutput) kept[at(node.output)] = 1;
  }
  return kept;
}

void Network::require_inputs(std::span<const Buffer> inputs) const {
  if (inputs.size() != graph_.inputs.size()) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("the model has {} inputs, and {} were given",
                                                         graph_.inputs.size(), inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = graph_.shape(graph_.inputs[i]);
    if (inputs[i].shape() == shape) continue;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("the network is prepared for {}, and was given {}",
                                                         shape.to_string(), inputs[i].shape().to_string()));
  }
}

Trace Network::empty_trace() const {
  Trace trace;
  trace.values.resize(graph_.values.size());
  trace.winners.resize(steps_.size());
  trace.statistics.resize(steps_.size());
  trace.masks.resize(steps_.size());
  return trace;
}

/// By value the last step that reads it.
std::vector<size_t> Network::last_readers() const {
  std::vector<size_t> result(graph_.values.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].fusion.runs) continue;
    for (const ValueId input : steps_[i].node->inputs) result[at(input)] = i;
    if (steps_[i].fusion.residual >= 0) result[at(steps_[i].fusion.residual)] = i;
  }
  return result;
}

Trace Network::forward(std::span<const Buffer> inputs, Keep keep, const DropoutMask& mask,
                       std::span<const ValueId> also, SharedFrames* shared) {
  require_inputs(inputs);
  Trace trace = empty_trace();
  std::vector<char> kept = kept_values(keep);
  for (const ValueId value : also) kept[at(value)] = 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    trace.values[at(graph_.inputs[i])] = inputs[i];
    kept[at(graph_.inputs[i])] = 1;
  }
  const std::vector<size_t> last_reader = last_readers();
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    if (!step.fusion.runs) continue;
    const ValueId residual = step.fusion.residual;
    const auto is_free_after = [&](ValueId value) { return last_reader[at(value)] == i && !kept[at(value)]; };
    Buffer& y = trace.values[at(step.fusion.result)];
    if (residual >= 0 && residual != step.input() && is_free_after(residual)) {
      Buffer handed_over = std::exchange(trace.values[at(residual)], {});
      y = step.linear()->forward(trace.values[at(step.input())], std::move(handed_over));
    } else if (shared && shared->has(i)) {
      y = shared->run(i, trace.values[at(step.input())]);
    } else {
      if (mask && std::holds_alternative<Plain<graph::Dropout>>(step.prepared))
        trace.masks[i] = mask(i, graph_.shape(step.fusion.result));
      y = run(i, trace, keep);
    }
    for (const ValueId input : step.node->inputs) {
      if (is_free_after(input)) trace.values[at(input)] = {};
    }
    if (residual >= 0 && is_free_after(residual)) trace.values[at(residual)] = {};
  }
  return trace;
}

Buffer Network::run(size_t index, Trace& trace, Keep keep) {
  const Step& step = steps_[index];
  const graph::Node& node = *step.node;
  const auto value = [&](size_t i) -> const Buffer& { return trace.values[at(node.inputs[i])]; };
  const Buffer& x = value(0);
  return std::visit(
      Overloaded{
          [&](const prepared::Linear& p) {
            const ValueId residual = step.fusion.residual;
            return p.map->forward(x, residual >= 0 ? trace.values[at(residual)] : Buffer{});
          },
          [&](const prepared::Maximum& p) {
            return p.map->forward(x, keep == Keep::kNothing ? nullptr : &trace.winners[index]);
          },
          [&](const prepared::BatchNorm& p) {
            return p.map->forward(x, *p.op->scale, *p.op->shift, trace.statistics[index]);
          },
          [&](const prepared::Standardise& p) { return p.map->forward(x); },
          [&](const prepared::Softmax& p) { return p.map->forward(x); },
          [&](const prepared::MatMul& p) { return p.map->forward(x, value(1)); },
          [&](const prepared::Attention& p) { return p.map->forward(attention_operands(node, trace)); },
          [&](const prepared::Affine& p) { return library_.add(library_.multiply(x, p.scale), p.shift, 1); },
          [&](const prepared::PRelu& p) { return kernels::prelu(library_, x, p.slope); },
          [&](const Plain<Activation>& p) { return library_.activate(x, *p.op); },
          [&](const Plain<graph::Add>& p) { return library_.add(broadcast(node, x), value(1), p.op->sign); },
          [&](const Plain<graph::Multiply>&) { return library_.multiply(broadcast(node, x), value(1)); },
          [&](const Plain<graph::Dropout>&) {
            return trace.masks[index] ? library_.multiply(x, trace.masks[index]) : x;
          },
          [&](const Plain<graph::Concat>& p) {
            std::vector<Buffer> parts;
            for (size_t i = 0; i < node.inputs.size(); ++i) parts.push_back(value(i));
            return library_.concat(parts, p.op->axis);
          },
          [&]<MovesOneInput Op>(const Plain<Op>& p) {
            return move_forward(library_, *p.op, x, graph_.shape(node.output));
          }},
      step.prepared);
}

Buffer Network::broadcast(const graph::Node& node, const Buffer& a) {
  const Shape& shape = graph_.shape(node.output);
  return a.shape() == shape ? a : library_.add(library_.filled(shape, 0), a, 1);
}

Buffer Network::run_alone(size_t index, const std::function<Buffer(ValueId)>& value) {
  Trace trace = empty_trace();
  for (const ValueId input : steps_[index].node->inputs) trace.values[at(input)] = value(input);
  return run(index, trace, Keep::kNothing);
}

void Network::train_only(std::span<const char> steps) {
  trained_.assign(steps.begin(), steps.end());
}

std::vector<char> Network::depends_on_trained() const {
  std::vector<char> depends(graph_.values.size(), 0);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const graph::Node& node = graph_.nodes[i];
    depends[at(node.output)] = trained_[i] || std::ranges::any_of(node.inputs, [&](ValueId input) {
                                 return depends[at(input)] != 0;
                               });
  }
  return depends;
}

void Network::parameters_changed() {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!trained_[i]) continue;
    if (steps_[i].linear()) steps_[i].linear()->parameters_changed();
    if (auto* affine = std::get_if<prepared::Affine>(&steps_[i].prepared)) {
      affine->scale = library_.upload(*affine->op->scale);
      affine->shift = library_.upload(*affine->op->shift);
    }
  }
}

Tensor Network::output(const Trace& trace) const {
  return library_.download(trace.values[at(graph_.output)]);
}

}  // namespace relevid
