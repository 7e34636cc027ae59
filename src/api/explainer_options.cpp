// SPDX-License-Identifier: Apache-2.0
#include "api/explainer_options.h"

namespace relevid {

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
  result.channel_axis = options.layout == ClipLayout::kNcthw   ? 1
                        : options.layout == ClipLayout::kNtchw ? 2
                                                               : 4;
  result.layer = options.layer;
  result.relevance = options.relevance;
  result.selective_sigmas = options.selective_sigmas;
  result.gradients.integration_steps = options.integration_steps;
  result.gradients.baseline = options.baseline == PathBaseline::kMean ? Baseline::kMean : Baseline::kZero;
  result.gradients.noise_samples = options.noise_samples;
  result.gradients.noise_level = options.noise_level;
  result.perturbation = options.perturbation;
  result.seed = options.seed;
  return result;
}

bool takes_batches(const Model& model) {
  const auto& inputs = model.inputs();
  return inputs.size() == 1 && !inputs[0].dims.empty() && inputs[0].dims[0] < 0;
}

}  // namespace relevid
