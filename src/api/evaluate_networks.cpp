// SPDX-License-Identifier: Apache-2.0
#include "api/evaluate_networks.h"

#include <algorithm>
#include <cmath>

#include "api/layout.h"
#include "api/maps.h"
#include "api/model_implementation.h"
#include "explain/composite.h"
#include "graph/randomise.h"
#include "graph/shift_input.h"
#include "kernels/devices.h"
#include "network/memory.h"
#include "relevid/error.h"

namespace relevid {
namespace {

evaluate::TargetScore score_of(const Tensor& logits, size_t row, int64_t target) {
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  const auto at = row * classes + static_cast<size_t>(target);
  const double logit = logits.as_doubles().at(at),
               probability = probabilities(logits).at(row).at(static_cast<size_t>(target));
  if (!std::isfinite(logit) || !std::isfinite(probability))
    throw Error(ErrorKind::kCorruptInput, "the model gives no finite number for a clip with regions flipped");
  return {logit, probability};
}

}  // namespace

EvaluationNetwork::EvaluationNetwork(const Model& model, const Shape& clip_shape,
                                     std::span<const MethodOptions> methods, std::span<const MapSign> signs,
                                     const InputRange& range, int64_t batch, AfterSteps after)
    : explainer_(model, clip_shape, methods, &range),
      layout_(methods.front().layout),
      signs_(signs.begin(), signs.end()),
      after_(std::move(after)),
      batch_(batch) {
  if (after_) explainer_.on_pass([this] { after_(1); });
  if (batch > 0) prepare_batch(model, clip_shape, methods.front());
}

void EvaluationNetwork::prepare_batch(const Model& model, Shape shape, const MethodOptions& options) {
  library_ = kernels::make_library(options.device, {options.threads, options.precision});
  batch_ = fitting_batch(graph_for(model, shape), batch_, options.batch_limit_bytes);
  const Shape output{batch_, class_count()};
  try {
    shape[0] = batch_;
    graph::Graph graph = graph_for(model, shape);
    if (graph.shape(graph.output) == output)
      network_ = std::make_unique<Network>(std::move(graph), *library_, Purpose::kInference);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupportedModel && error.kind() != ErrorKind::kInvalidArgument) throw;
  }
  if (!network_) {
    batch_ = 1;
    shape[0] = 1;
    network_ = std::make_unique<Network>(graph_for(model, shape), *library_, Purpose::kInference);
  }
  clips_ = Tensor(ncthw_shape(shape, layout_), DType::kF32);
}

int64_t EvaluationNetwork::take(const Tensor& clip) {
  logits_ = layout_ == ClipLayout::kNcthw ? explainer_.forward(clip)
                                          : explainer_.forward(from_ncthw(clip, layout_));
  return best_classes(probabilities(logits_).at(0), 1).at(0);
}

int64_t EvaluationNetwork::runner_up(int64_t target) {
  return relevid::runner_up(probabilities(logits_).at(0), target);
}

evaluate::TargetScore EvaluationNetwork::score(int64_t target) {
  return score_of(logits_, 0, target);
}

std::vector<float> EvaluationNetwork::map(size_t method, int64_t target) {
  Tensor relevance = to_ncthw(explainer_.explain(target, method).relevance, layout_);
  if (signs_.at(method) == MapSign::kMagnitude)
    for (float& value : relevance.values<float>()) value = std::abs(value);
  relevance = summed_over_channels(relevance);
  const auto values = relevance.values<float>();
  return {values.begin(), values.end()};
}

std::vector<float> EvaluationNetwork::map_beside(size_t method, int64_t other, int64_t target) {
  auto values = map(method, other);
  // Started from 1 a map of rules is the one started from the logit, over the logit: its sign is lost.
  const auto presets = preset_names();
  const bool lost = std::ranges::count(presets, explainer_.methods().at(method)) > 0 &&
                    explainer_.traits(method).can_be_negative && signs_.at(method) == MapSign::kSigned &&
                    explainer_.effective_start(method) == Start::kOne;
  if (lost && std::signbit(score(other).logit) != std::signbit(score(target).logit)) {
    for (float& value : values) value = -value;
  }
  return values;
}

std::vector<evaluate::TargetScore> EvaluationNetwork::classify(int64_t count,
                                                               const evaluate::ClipWriter& write,
                                                               int64_t target) {
  std::vector<evaluate::TargetScore> scores;
  const auto size = static_cast<size_t>(clips_.elements() / batch_);
  for (int64_t begin = 0; begin < count; begin += batch_) {
    const int64_t filled = std::min(batch_, count - begin);  // the rest of a last batch has clips of before
    for (int64_t i = 0; i < filled; ++i)
      write(begin + i, clips_.values<float>().subspan(static_cast<size_t>(i) * size, size));
    const kernels::Buffer input =
        library_->upload(layout_ == ClipLayout::kNcthw ? clips_.clone() : from_ncthw(clips_, layout_));
    const Tensor logits = network_->output(network_->forward(std::span(&input, 1), Keep::kNothing));
    for (int64_t i = 0; i < filled; ++i) scores.push_back(score_of(logits, static_cast<size_t>(i), target));
    if (after_) after_(filled);
  }
  return scores;
}

Model with_random_top(const Model& model, uint64_t seed, int64_t layers) {
  return with_graph(model, graph::with_random_top(model.implementation().model, seed, layers));
}

Model with_shifted_input(const Model& model, float shift) {
  return with_graph(model, graph::with_shifted_input(model.implementation().model, shift));
}

int64_t layers_with_weights(const Model& model) {
  return graph::layers_with_weights(model.implementation().model);
}

}  // namespace relevid
