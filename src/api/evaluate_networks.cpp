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

namespace relevid {
EvaluationNetwork::EvaluationNetwork(const Model& model, const Shape& clip_shape,
                                     std::span<const MethodOptions> methods, std::span<const MapSign> signs,
                                     const InputRange& range, int64_t batch, AfterSteps after)
    : explainer_(model, clip_shape, methods, &range),
      layout_(methods.front().layout),
      signs_(signs.begin(), signs.end()) {
  if (after) explainer_.on_pass([after] { after(1); });
  if (batch > 0) classifier_.emplace(model, clip_shape, methods.front(), batch, std::move(after));
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
  return classifier_->classify(count, write, target);
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
