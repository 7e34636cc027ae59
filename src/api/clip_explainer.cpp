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

void require_known_method(const std::string& method) {
  require_method(method);
}

struct ClipExplainer::Implementation {
  Implementation(const Model& model, const Shape& shape, std::span<const MethodOptions> methods,
                 const InputRange* range)
      : library(kernels::make_onednn_library(methods.front().threads)),
        network(graph_for(model, shape), *library, Purpose::kExplanation),
        contrast(methods.front().contrast) {
    for (const MethodOptions& options : methods) {
      explainers.push_back(std::make_unique<Explainer>(network, explainer_options(options, range)));
      names.push_back(options.method);
    }
  }

  /// The explainer of a method, with the clip.
  Explainer& with_clip(size_t method) {
    explainers.at(method)->take_clip_from(*explainers[holder]);
    holder = method;
    return *explainers[method];
  }

  std::unique_ptr<kernels::Library> library;
  Network network;
  std::vector<std::unique_ptr<Explainer>> explainers;
  std::vector<std::string> names;
  std::optional<int64_t> contrast;
  size_t holder = 0;  ///< the explainer that has the clip
};

ClipExplainer::ClipExplainer(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                             const InputRange* range)
    : ClipExplainer(model, clip_shape, std::span(&options, 1), range) {}
ClipExplainer::ClipExplainer(const Model& model, const Shape& clip_shape,
                             std::span<const MethodOptions> methods, const InputRange* range) {
  if (methods.empty()) throw Error(ErrorKind::kInvalidArgument, "no method is given");
  implementation_ = std::make_unique<Implementation>(model, clip_shape, methods, range);
}
ClipExplainer::~ClipExplainer() = default;
ClipExplainer::ClipExplainer(ClipExplainer&&) noexcept = default;

Tensor ClipExplainer::forward(const Tensor& clip) {
  Explainer& explainer = *implementation_->explainers[implementation_->holder];
  explainer.forward(clip);
  return explainer.logits().clone();
}

ClipExplanation ClipExplainer::explain(int64_t target, size_t method) {
  Attribution attribution = implementation_->with_clip(method).explain(std::span(&target, 1));
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

const std::vector<std::string>& ClipExplainer::methods() const {
  return implementation_->names;
}

std::optional<int64_t> ClipExplainer::contrast() const {
  return implementation_->contrast;
}

Start ClipExplainer::effective_start(size_t method) const {
  return implementation_->explainers.at(method)->starts_from_logit() ? Start::kLogit : Start::kOne;
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
