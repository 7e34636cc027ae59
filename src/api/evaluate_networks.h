// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "api/batch_classifier.h"
#include "evaluate/clip_evaluator.h"
#include "relevid/explain.h"

namespace relevid {

/// Whether a map has the signs of relevance, or the magnitude of every element.
enum class MapSign { kSigned, kMagnitude };

/// A ClipExplainer with several methods, and the same network prepared for batches, as an evaluation asks
/// them. Clips of the evaluation are NCTHW, whatever the model takes.
class EvaluationNetwork : public evaluate::MethodNetwork {
 public:
  /// `clip_shape` as the model takes it, for one clip; `batch` 0: never classifies. It is lowered to fit
  /// the methods' limit; a model that cannot be prepared for a batch is for single clips.
  EvaluationNetwork(const Model& model, const Shape& clip_shape, std::span<const MethodOptions> methods,
                    std::span<const MapSign> signs, const InputRange& range, int64_t batch, AfterSteps after);

  int64_t take(const Tensor& clip) override;
  int64_t runner_up(int64_t target) override;
  evaluate::TargetScore score(int64_t target) override;
  std::vector<float> map(size_t method, int64_t target) override;
  std::vector<float> map_beside(size_t method, int64_t other, int64_t target) override;
  std::vector<evaluate::TargetScore> classify(int64_t count, const evaluate::ClipWriter& write,
                                              int64_t target) override;

  int64_t class_count() const { return explainer_.class_count(); }
  MethodCost cost(size_t method) const { return explainer_.cost(method); }
  Start effective_start(size_t method) const { return explainer_.effective_start(method); }
  /// 0 where it never classifies.
  int64_t batch() const { return classifier_ ? classifier_->batch() : 0; }

 private:
  ClipExplainer explainer_;
  ClipLayout layout_;
  std::vector<MapSign> signs_;  ///< by method
  Tensor logits_;               ///< of the clip that was taken
  std::optional<BatchClassifier> classifier_;
};

/// The same network with its last layers drawn again; see graph/randomise.h.
Model with_random_top(const Model& model, uint64_t seed, int64_t layers);
int64_t layers_with_weights(const Model& model);
/// See graph/shift_input.h.
Model with_shifted_input(const Model& model, float shift);

}  // namespace relevid
