// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "explain/automatic.h"
#include "explain/composite.h"
#include "explain/method.h"
#include "relevid/explain.h"

namespace relevid {
namespace {

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

/// Rules whose shares are never negative, ReLU after a map, and masks.
bool keeps_the_sign(const std::string& method) {
  static const std::vector<std::string> kNames = {
      "deep_taylor", "excitation_backprop", "null_profile",  "attention_rollout",     "gradient_attention",
      "grad_cam",    "layer_cam",           "temporal_mask", "extremal_perturbation",
  };
  return holds(kNames, method);
}

/// Of relevance taken apart by motion only the part of single frames goes back as it is.
bool goes_back_to_the_input(const std::string& method) {
  return method == kAutomatic || method == "spatial_relevance" || method == "gradient_attention" ||
         holds(preset_names(), method) || holds(gradient_method_names(), method);
}

}  // namespace

MethodTraits method_traits(const MethodOptions& options) {
  // What is selected of a preset's relevance has its sign; other parts are differences.
  const std::string& signs = options.method == "selective_relevance" ? options.relevance : options.method;
  // Rules of one's own may take any share, and a contrast starts with the negative as well.
  const bool mixed = holds(preset_names(), signs) && (!options.rules_file.empty() || options.contrast);
  return {.can_be_negative = !keeps_the_sign(signs) || mixed,
          .has_null_profile = goes_back_to_the_input(options.method) && options.layer.empty()};
}

}  // namespace relevid
