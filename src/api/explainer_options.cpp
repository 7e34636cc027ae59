// SPDX-License-Identifier: Apache-2.0
#include "api/explainer_options.h"

namespace relevid {

ExplainerOptions explainer_options(const MethodOptions& options, const InputRange* range) {
  ExplainerOptions result;
  static_cast<MethodOptions&>(result) = options;
  if (!options.rules_file.empty()) result.rules = read_rules(options.rules_file);
  if (range) {
    Bounds bounds;
    bounds.low.push_back(range->low.clone());
    bounds.high.push_back(range->high.clone());
    result.bounds = std::move(bounds);
  }
  return result;
}

bool takes_batches(const Model& model) {
  const auto& inputs = model.inputs();
  return inputs.size() == 1 && !inputs[0].dims.empty() && inputs[0].dims[0] < 0;
}

}  // namespace relevid
