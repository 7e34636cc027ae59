// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "audit/runner.h"
#include "relevid/explain.h"

namespace relevid {

/// A ClipExplainer as the audit asks it.
class ExplainerScorer : public audit::ClipScorer {
 public:
  ExplainerScorer(const Model& model, const Shape& clip_shape, std::span<const MethodOptions> methods,
                  const InputRange& range)
      : explainer_(std::make_shared<ClipExplainer>(model, clip_shape, methods, &range)),
        layout_(methods.front().layout) {}

  /// The same prepared network, which the two share, explained by another of its methods.
  ExplainerScorer by(size_t method) const {
    ExplainerScorer other = *this;
    other.method_ = method;
    return other;
  }
  audit::ClipScore score(const Tensor& clip, std::optional<int64_t> target) override;
  int64_t class_count() const { return explainer_->class_count(); }
  Start effective_start() const { return explainer_->effective_start(method_); }

 private:
  std::shared_ptr<ClipExplainer> explainer_;
  ClipLayout layout_;
  size_t method_ = 0;
};

/// The same network with weights drawn again; see graph/randomise.h.
Model with_random_weights(const Model& model, uint64_t seed);

}  // namespace relevid
