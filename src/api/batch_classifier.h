// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "evaluate/flipping.h"
#include "network/network.h"
#include "relevid/explain.h"

namespace relevid {

/// Called after some passes through a network; may throw Interrupted.
using AfterSteps = std::function<void(int64_t steps)>;

/// What the model gives to a class of the clip in this row of [N, classes]. Error(kCorruptInput) where that
/// is no finite number.
evaluate::TargetScore score_of(const Tensor& logits, size_t row, int64_t target);

/// A network prepared for batches of changed clips, which it scores and does not explain. Clips are NCTHW,
/// whatever the model takes.
class BatchClassifier {
 public:
  /// `clip_shape` as the model takes it, for one clip. `batch` is lowered to fit the method's limit; a model
  /// that cannot be prepared for a batch is for single clips.
  BatchClassifier(const Model& model, const Shape& clip_shape, const MethodOptions& options, int64_t batch,
                  AfterSteps after);

  std::vector<evaluate::TargetScore> classify(int64_t count, const evaluate::ClipWriter& write,
                                              int64_t target);
  int64_t batch() const { return batch_; }

 private:
  ClipLayout layout_;
  int64_t batch_;
  AfterSteps after_;
  std::unique_ptr<kernels::Library> library_;  ///< before the network that borrows it
  std::unique_ptr<Network> network_;
  Tensor clips_;  ///< [batch, C, T, H, W]
};

}  // namespace relevid
