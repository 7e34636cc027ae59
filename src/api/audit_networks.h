// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "audit/runner.h"
#include "relevid/explain.h"

namespace relevid {

/// A ClipExplainer as the audit asks it.
class ExplainerScorer : public audit::ClipScorer {
 public:
  ExplainerScorer(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                  const InputRange& range)
      : explainer_(model, clip_shape, options, &range), layout_(options.layout) {}

  audit::ClipScore score(const Tensor& clip, std::optional<int64_t> target) override;
  int64_t class_count() const { return explainer_.class_count(); }
  Start effective_start() const { return explainer_.effective_start(); }

 private:
  ClipExplainer explainer_;
  ClipLayout layout_;
};

/// The same network with weights drawn anew; see graph/randomise.h.
Model with_random_weights(const Model& model, uint64_t seed);

}  // namespace relevid
