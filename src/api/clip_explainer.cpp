// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "api/model_implementation.h"
#include "explain/explainer.h"
#include "kernels/kernels.h"
#include "network/network.h"
#include "relevid/error.h"
#include "relevid/explain.h"

namespace relevid {
namespace {

ExplainerOptions explainer_options(const MethodOptions& options, const InputRange* range) {
  ExplainerOptions result;
  result.method = options.method;
  result.start = options.start == Start::kLogit ? StartValue::kLogit
                 : options.start == Start::kOne ? StartValue::kOne
                                                : StartValue::kDefault;
  result.product = options.gate == GateRule::kHalf ? ProductRule::kHalf : ProductRule::kSignal;
  if (!options.rules_file.empty()) result.rules = read_rules(options.rules_file);
  if (range) {
    Bounds bounds;
    bounds.low.push_back(range->low.clone());
    bounds.high.push_back(range->high.clone());
    result.bounds = std::move(bounds);
  }
  result.contrast = options.contrast;
  GradientOptions& gradients = result.gradients;
  gradients.integration_steps = options.integration_steps;
  gradients.baseline = options.baseline == PathBaseline::kMean ? Baseline::kMean : Baseline::kZero;
  gradients.channel_axis = options.layout == ClipLayout::kNcthw   ? 1
                           : options.layout == ClipLayout::kNtchw ? 2
                                                                  : 4;
  gradients.noise_samples = options.noise_samples;
  gradients.noise_level = options.noise_level;
  gradients.seed = options.seed;
  if (options.interrupt) {
    gradients.between_passes = [interrupt = options.interrupt] {
      if (interrupt->load(std::memory_order_relaxed)) throw Interrupted{};
    };
  }
  return result;
}

}  // namespace

std::vector<std::string> methods() {
  return method_names();
}

struct ClipExplainer::Implementation {
  Implementation(const Model& model, const Shape& shape, const MethodOptions& options,
                 const InputRange* range)
      : library(kernels::make_onednn_library(options.threads)),
        network(graph_for(model, shape), *library, Purpose::kExplanation),
        explainer(network, explainer_options(options, range)) {}

  std::unique_ptr<kernels::Library> library;
  Network network;
  Explainer explainer;
};

ClipExplainer::ClipExplainer(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                             const InputRange* range)
    : implementation_(std::make_unique<Implementation>(model, clip_shape, options, range)) {}
ClipExplainer::~ClipExplainer() = default;
ClipExplainer::ClipExplainer(ClipExplainer&&) noexcept = default;

Tensor ClipExplainer::forward(const Tensor& clip) {
  implementation_->explainer.forward(clip);
  return implementation_->explainer.logits().clone();
}

ClipExplanation ClipExplainer::explain(int64_t target) {
  Attribution attribution = implementation_->explainer.explain(std::span(&target, 1));
  ClipExplanation result{std::move(attribution.relevance.front()), {}};
  for (const LayerFlow& flow : attribution.flows) {
    result.layers.push_back({flow.name, flow.op, flow.rule, flow.incoming[0], flow.outgoing[0],
                             flow.absorbed_by_bias[0], flow.absorbed_by_epsilon[0], flow.dropped[0]});
  }
  return result;
}

int64_t ClipExplainer::class_count() const {
  const graph::Graph& graph = implementation_->network.graph();
  return graph.shape(graph.output)[1];
}

Start ClipExplainer::effective_start() const {
  return implementation_->explainer.starts_from_logit() ? Start::kLogit : Start::kOne;
}

std::vector<std::vector<double>> probabilities(const Tensor& logits) {
  const auto values = logits.as_doubles();
  const auto classes = static_cast<size_t>(logits.shape()[1]);
  std::vector<std::vector<double>> result;
  for (size_t row = 0; row * classes < values.size(); ++row) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * classes);
    const double largest = *std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes));
    std::vector<double>& p = result.emplace_back();
    double sum = 0;
    for (size_t c = 0; c < classes; ++c) {
      p.push_back(std::exp(values[row * classes + c] - largest));
      sum += p.back();
    }
    for (double& value : p) value /= sum;
  }
  return result;
}

}  // namespace relevid
