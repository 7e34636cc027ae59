// SPDX-License-Identifier: Apache-2.0
#include "api/tuning_network.h"

#include "api/explainer_options.h"
#include "api/layout.h"
#include "api/maps.h"
#include "api/model_implementation.h"
#include "kernels/devices.h"
#include "relevid/error.h"

namespace relevid {

TuningNetwork::TuningNetwork(const Model& model, const Shape& clip_shape, const MethodOptions& method,
                             const InputRange& range, int64_t batch, AfterSteps after)
    : method_(method), range_(range), after_(std::move(after)) {
  require_gamma_method(method_.method);
  library_ = kernels::make_library(method_.device, {method_.threads, method_.precision});
  network_ = std::make_unique<Network>(graph_for(model, clip_shape), *library_, Purpose::kExplanation);
  require_explainable(graph());
  const Composite composite = composite_for(method_.method, InputBounds::kKnown, method_, {}, graph());
  groups_ = gamma_groups(graph(), assign(composite, graph()));
  if (groups_.empty())
    throw Error(ErrorKind::kUnsupportedModel, method_.method + " gives no layer of this model a gamma");
  const tune::Setting own(groups_.size());
  TuningNetwork::use(std::span(&own, 1));
  classifier_ = std::make_unique<BatchClassifier>(model, clip_shape, method_, batch, after_);
}

void TuningNetwork::use(std::span<const tune::Setting> settings) {
  explainers_.clear();
  holder_ = 0;
  for (const tune::Setting& setting : settings) {
    ExplainerOptions options = explainer_options(method_, &range_);
    options.rules = gamma_entries(graph(), groups_, setting);
    options.on_pass = [this] { after_(1); };
    explainers_.push_back(std::make_unique<Explainer>(*network_, options));
  }
}

int64_t TuningNetwork::take(const Tensor& clip) {
  Explainer& explainer = *explainers_.at(holder_);
  if (method_.layout == ClipLayout::kNcthw)
    explainer.forward(clip);
  else
    explainer.forward(from_ncthw(clip, method_.layout));
  logits_ = explainer.logits().cast(DType::kF32);
  after_(1);
  return best_classes(probabilities(logits_).at(0), 1).at(0);
}

evaluate::TargetScore TuningNetwork::score(int64_t target) {
  return score_of(logits_, 0, target);
}

std::vector<float> TuningNetwork::map(size_t method, int64_t target) {
  explainers_.at(method)->take_clip_from(*explainers_.at(holder_));
  holder_ = method;
  const Attribution attribution = explainers_[method]->explain(std::span(&target, 1));
  const Tensor summed =
      summed_over_channels(to_ncthw(attribution.relevance.front().cast(DType::kF32), method_.layout));
  const auto values = summed.values<float>();
  return {values.begin(), values.end()};
}

std::vector<evaluate::TargetScore> TuningNetwork::classify(int64_t count, const evaluate::ClipWriter& write,
                                                           int64_t target) {
  return classifier_->classify(count, write, target);
}

}  // namespace relevid
