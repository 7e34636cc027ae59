// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relevid/train.h"
#include "train/parameter.h"

namespace relevid::train {

/// Changes parameters by their gradients. Borrows the parameters' tensors; its own moments are what a
/// checkpoint has to keep. Not thread-safe.
class Optimiser {
 public:
  /// `options.weight_decay` is set.
  Optimiser(const OptimiserOptions& options, std::span<const Parameter> parameters);

  /// One update; `gradients` in the parameters' order and shapes, float32 (they are scaled where their norm
  /// is clipped). Returns their norm before clipping. Throws nothing: a norm that is not finite changes
  /// nothing.
  double step(std::span<Tensor> gradients, double learning_rate);

  /// Moments by the parameters' order, empty for parameters that have none: SGD's velocity; AdamW's first,
  /// then second.
  std::vector<std::vector<Tensor>>& moments() { return moments_; }
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }

 private:
  void sgd(size_t index, std::span<const float> gradient, double learning_rate);
  void adamw(size_t index, std::span<const float> gradient, double learning_rate);

  OptimiserOptions options_;
  std::vector<Parameter> parameters_;
  std::vector<std::vector<Tensor>> moments_;
  int64_t updates_ = 0;
};

}  // namespace relevid::train
