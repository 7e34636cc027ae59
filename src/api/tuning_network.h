// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "api/batch_classifier.h"
#include "explain/explainer.h"
#include "explain/gamma_groups.h"
#include "tune/tuner.h"

namespace relevid {

/// One network under one preset with any gammas: prepared once for explanations and once for batches of
/// changed clips. What depends on the gammas is made anew by use(), and is small.
class TuningNetwork : public tune::GammaNetwork {
 public:
  /// `method`: its preset by name, not "auto". Errors as ClipExplainer's; kInvalidArgument for a preset
  /// without a gamma, kUnsupportedModel where the network has no layer that takes one.
  TuningNetwork(const Model& model, const Shape& clip_shape, const MethodOptions& method,
                const InputRange& range, int64_t batch, AfterSteps after);

  void use(std::span<const tune::Setting> settings) override;
  int64_t take(const Tensor& clip) override;
  evaluate::TargetScore score(int64_t target) override;
  std::vector<float> map(size_t method, int64_t target) override;
  std::vector<evaluate::TargetScore> classify(int64_t count, const evaluate::ClipWriter& write,
                                              int64_t target) override;

  const std::vector<GammaGroup>& groups() const { return groups_; }
  const graph::Graph& graph() const { return network_->graph(); }
  int64_t class_count() const { return graph().shape(graph().output)[1]; }
  int64_t batch() const { return classifier_->batch(); }

 private:
  MethodOptions method_;
  const InputRange& range_;
  AfterSteps after_;
  std::unique_ptr<kernels::Library> library_;  ///< before the network that borrows it
  std::unique_ptr<Network> network_;
  std::vector<GammaGroup> groups_;
  std::vector<std::unique_ptr<Explainer>> explainers_;  ///< by setting
  size_t holder_ = 0;                                   ///< the explainer that has the clip
  std::unique_ptr<BatchClassifier> classifier_;
  Tensor logits_;  ///< of the clip that was taken
};

}  // namespace relevid
