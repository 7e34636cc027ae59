// SPDX-License-Identifier: Apache-2.0
#include "network/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "network/shared_frames.h"
#include "network/specs.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

template <class Op>
bool is(const graph::Node& node) {
  return std::holds_alternative<Op>(node.op);
}

/// Whether activations that are off by a bf16's rounding would change an explanation by much more. Sums and
/// products of computed values cancel, and rules divide by them: by deep_taylor, maps of MoViNet-A0 with its
/// activations rounded had cosines of 0.1 to 0.9 with those in float32, and with what came behind
/// rounded 0.99999.
bool explanations_need_float32(const graph::Graph& graph) {
  return std::ranges::any_of(graph.nodes, [](const graph::Node& node) {
    return is<graph::Add>(node) || is<graph::Multiply>(node) || is<graph::MatMul>(node) ||
           is<graph::Softmax>(node) || is<graph::Standardise>(node);
  });
}

}  // namespace

Network::Network(graph::Graph graph, kernels::Library& library, Purpose purpose)
    : graph_(std::move(graph)),
      library_(library),
      forward_in_float32_(purpose == Purpose::kExplanation && explanations_need_float32(graph_)) {
  steps_.resize(graph_.nodes.size());
  for (size_t i = 0; i < steps_.size(); ++i) {
    steps_[i].node = &graph_.nodes[i];
    steps_[i].result = graph_.nodes[i].output;
  }
  if (purpose == Purpose::kInference) fuse_residuals();
  fuse_activations();
  for (Step& step : steps_) prepare(step);
}

void Network::prepare(Step& step) {
  const graph::Node& node = *step.node;
  const Shape& input = graph_.shape(node.inputs[0]);
  if (const auto spec = linear_spec(graph_, node)) {
    step.linear = prepare_like(step, *spec, input);
  } else if (const auto maximum = max_spec(node)) {
    step.maximum = library_.prepare_max(*maximum, input);
  } else if (const auto* affine = std::get_if<graph::Affine>(&node.op)) {
    step.scale = library_.upload(*affine->scale);
    step.shift = library_.upload(*affine->shift);
  } else if (const auto* prelu = std::get_if<graph::PRelu>(&node.op)) {
    step.scale = library_.upload(*prelu->slope);
  } else if (const auto* norm = std::get_if<graph::BatchNorm>(&node.op)) {
    step.norm = library_.prepare_norm(input, norm->epsilon);
  } else if (const auto* standardise = std::get_if<graph::Standardise>(&node.op)) {
    step.standardise =
        std::make_unique<kernels::StandardiseMap>(library_, input, standardise->axes, standardise->epsilon);
  } else if (const auto* softmax = std::get_if<graph::Softmax>(&node.op)) {
    step.softmax = std::make_unique<kernels::SoftmaxMap>(library_, input, softmax->axis);
  } else if (is<graph::MatMul>(node)) {
    step.product = library_.prepare_product(input, graph_.shape(node.inputs[1]));
  }
}

std::unique_ptr<kernels::LinearMap> Network::prepare_like(const Step& step, const kernels::LinearSpec& spec,
                                                          const Shape& input) const {
  kernels::Epilogue epilogue{step.activation};
  epilogue.in_float32 = forward_in_float32_;
  if (step.residual >= 0) epilogue.residual = kernels::Epilogue::Residual::kAdded;
  return library_.prepare(spec, input, epilogue);
}

/// An activation that alone reads a linear map's output becomes part of the map. Its slope must be told from
/// its value, because what is before it is never stored.
void Network::fuse_activations() {
  const auto readers = graph_.readers();
  const auto writers = graph_.writers();
  for (Step& step : steps_) {
    const auto* activation = std::get_if<graph::Activation>(&step.node->op);
    if (!activation) continue;
    step.activation = activation_spec(*activation);
    const ValueId input = step.node->inputs[0];
    if (writers[at(input)] < 0 || readers[at(input)] != 1 || !slope_from_output(step.activation)) continue;
    // The step that computes the input: its writer, or a convolution that has taken the addition over.
    for (Step& before : steps_) {
      if (!before.runs || before.result != input) continue;
      const bool has_one_already = before.activation.kind != kernels::ActivationSpec::Kind::kNone;
      if (!linear_spec(graph_, *before.node) || has_one_already) break;
      before.activation = step.activation;
      before.result = step.node->output;
      step.runs = false;
      break;
    }
  }
}

/// y = conv(x) + r: the convolution adds r itself, where r is there before it and nothing else reads conv(x).
void Network::fuse_residuals() {
  const auto readers = graph_.readers();
  const auto writers = graph_.writers();
  for (Step& sum : steps_) {
    const auto* add = std::get_if<graph::Add>(&sum.node->op);
    if (!add || add->sign != 1) continue;
    const Shape& shape = graph_.shape(sum.node->output);
    for (size_t side = 0; side < 2; ++side) {
      const ValueId from = sum.node->inputs[side], residual = sum.node->inputs[1 - side];
      const int writer = writers[at(from)];
      if (writer < 0 || readers[at(from)] != 1 || graph_.shape(residual) != shape ||
          graph_.shape(from) != shape)
        continue;
      Step& layer = steps_[at(writer)];
      if (!is<graph::Convolution>(*layer.node) || layer.residual >= 0 || writers[at(residual)] >= writer)
        continue;
      const auto& convolution = std::get<graph::Convolution>(layer.node->op);
      if (convolution.groups > 1) continue;
      layer.residual = residual;
      layer.result = sum.node->output;
      sum.runs = false;
      break;
    }
  }
}

std::vector<char> Network::kept_values(Keep keep) const {
  std::vector<char> kept(graph_.values.size(), 0);
  kept[at(graph_.output)] = 1;
  if (keep == Keep::kNothing) return kept;
  for (const Step& step : steps_) {
    const graph::Node& node = *step.node;
    const bool relevance = keep == Keep::kRelevance;
    const bool has_parameters =
        is<graph::Convolution>(node) || is<graph::Dense>(node) || is<graph::BatchNorm>(node);
    if (keep == Keep::kTraining && has_parameters) kept[at(node.inputs[0])] = 1;
    const bool by_operands = is<graph::Multiply>(node) || is<graph::MatMul>(node) || is<graph::Softmax>(node);
    const bool by_input = is<graph::PRelu>(node) || is<graph::Standardise>(node);
    if (by_operands || (relevance ? step.linear || is<graph::Add>(node) : by_input)) {
      for (const ValueId input : node.inputs) kept[at(input)] = 1;
    }
    if (is<graph::Softmax>(node)) kept[at(node.output)] = 1;
    if (is<graph::Activation>(node) && !relevance) {
      kept[at(slope_from_output(step.activation) ? node.output : node.inputs[0])] = 1;
    }
  }
  return kept;
}

Trace Network::forward(std::span<const Buffer> inputs, Keep keep, const DropoutMask& mask,
                       std::span<const ValueId> also, SharedFrames* shared) {
  if (inputs.size() != graph_.inputs.size()) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("the model has {} inputs, and {} were given",
                                                         graph_.inputs.size(), inputs.size()));
  }
  Trace trace;
  trace.values.resize(graph_.values.size());
  trace.winners.resize(steps_.size());
  trace.statistics.resize(steps_.size());
  trace.masks.resize(steps_.size());
  std::vector<char> kept = kept_values(keep);
  for (const ValueId value : also) kept[at(value)] = 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].shape() != graph_.shape(graph_.inputs[i])) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("the network is prepared for {}, and was given {}",
                              graph_.shape(graph_.inputs[i]).to_string(), inputs[i].shape().to_string()));
    }
    trace.values[at(graph_.inputs[i])] = inputs[i];
    kept[at(graph_.inputs[i])] = 1;
  }
  std::vector<size_t> last_reader(graph_.values.size(), 0);
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].runs) continue;
    for (const ValueId input : steps_[i].node->inputs) last_reader[at(input)] = i;
    if (steps_[i].residual >= 0) last_reader[at(steps_[i].residual)] = i;
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].runs) continue;
    const ValueId residual_value = steps_[i].residual;
    const bool hands_over = residual_value >= 0 && residual_value != steps_[i].node->inputs[0] &&
                            last_reader[at(residual_value)] == i && !kept[at(residual_value)];
    if (hands_over) {
      Buffer residual = std::exchange(trace.values[at(steps_[i].residual)], {});
      trace.values[at(steps_[i].result)] =
          steps_[i].linear->forward(trace.values[at(steps_[i].node->inputs[0])], std::move(residual));
    } else if (shared && shared->has(i)) {
      trace.values[at(steps_[i].result)] = shared->run(i, trace.values[at(steps_[i].node->inputs[0])]);
    } else {
      if (mask && is<graph::Dropout>(*steps_[i].node))
        trace.masks[i] = mask(i, graph_.shape(steps_[i].result));
      run(i, trace, keep);
    }
    const auto free_after = [&](ValueId value) {
      if (last_reader[at(value)] == i && !kept[at(value)]) trace.values[at(value)] = {};
    };
    for (const ValueId input : steps_[i].node->inputs) free_after(input);
    if (steps_[i].residual >= 0) free_after(steps_[i].residual);
  }
  return trace;
}

void Network::run(size_t index, Trace& trace, Keep keep) {
  const Step& step = steps_[index];
  const graph::Node& node = *step.node;
  const Buffer& x = trace.values[at(node.inputs[0])];
  Buffer& y = trace.values[at(step.result)];
  if (step.linear) {
    y = step.linear->forward(x, step.residual >= 0 ? trace.values[at(step.residual)] : Buffer{});
  } else if (step.maximum) {
    y = step.maximum->forward(x, keep == Keep::kNothing ? nullptr : &trace.winners[index]);
  } else if (step.standardise) {
    y = step.standardise->forward(x);
  } else if (step.softmax) {
    y = step.softmax->forward(x);
  } else if (step.product) {
    y = step.product->forward(x, trace.values[at(node.inputs[1])]);
  } else if (const auto* norm = std::get_if<graph::BatchNorm>(&node.op)) {
    y = step.norm->forward(x, *norm->scale, *norm->shift, trace.statistics[index]);
  } else if (is<graph::Dropout>(node)) {
    y = trace.masks[index] ? library_.multiply(x, trace.masks[index]) : x;
  } else if (is<graph::Activation>(node)) {
    y = library_.activate(x, step.activation);
  } else if (is<graph::PRelu>(node)) {
    y = kernels::prelu(library_, x, step.scale);
  } else if (is<graph::Affine>(node)) {
    y = library_.add(library_.multiply(x, step.scale), step.shift, 1);
  } else if (is<graph::Add>(node) || is<graph::Multiply>(node)) {
    y = combine(node, x, trace.values[at(node.inputs[1])]);
  } else {
    y = move(node, trace);
  }
}

/// Of a sum or a product of two values.
Buffer Network::combine(const graph::Node& node, const Buffer& a, const Buffer& b) {
  const Shape& shape = graph_.shape(node.output);
  const auto* add = std::get_if<graph::Add>(&node.op);
  // Where the first is the one that broadcasts, it is written out.
  const Buffer whole = a.shape() == shape ? a : library_.add(library_.filled(shape, 0), a, 1);
  return add ? library_.add(whole, b, add->sign) : library_.multiply(whole, b);
}

/// Of an operator that only moves values.
Buffer Network::move(const graph::Node& node, const Trace& trace) {
  const Buffer& x = trace.values[at(node.inputs[0])];
  const Shape& shape = graph_.shape(node.output);
  if (const auto* concat = std::get_if<graph::Concat>(&node.op)) {
    std::vector<Buffer> parts;
    for (const ValueId input : node.inputs) parts.push_back(trace.values[at(input)]);
    return library_.concat(parts, concat->axis);
  }
  if (const auto* slice = std::get_if<graph::Slice>(&node.op))
    return library_.slice(x, shape, slice->begin, slice->step);
  if (const auto* pad = std::get_if<graph::Pad>(&node.op))
    return library_.place(x, shape, pad->begin, std::vector<int64_t>(pad->begin.size(), 1), pad->value);
  if (is<graph::Reshape>(node)) return library_.reshape(x, shape);
  if (const auto* transpose = std::get_if<graph::Transpose>(&node.op))
    return library_.transpose(x, transpose->permutation);
  throw Error(ErrorKind::kInternal, fmt::format("no way to run {} '{}'", graph::name(node.op), node.name));
}

Buffer Network::run_alone(size_t index, const std::function<Buffer(ValueId)>& value) {
  Trace trace;
  trace.values.resize(graph_.values.size());
  trace.winners.resize(steps_.size());
  trace.statistics.resize(steps_.size());
  trace.masks.resize(steps_.size());
  for (const ValueId input : steps_[index].node->inputs) trace.values[at(input)] = value(input);
  run(index, trace, Keep::kNothing);
  return trace.values[at(steps_[index].result)];
}

void Network::parameters_changed() {
  for (Step& step : steps_) {
    if (is<graph::Convolution>(*step.node) || is<graph::Dense>(*step.node)) step.linear->parameters_changed();
  }
}

Tensor Network::output(const Trace& trace) const {
  return library_.download(trace.values[at(graph_.output)]);
}

}  // namespace relevid
