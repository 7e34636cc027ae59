// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "relevid/tensor.h"

namespace relevid::train {

struct LossResult {
  double loss = 0;    ///< mean over the batch; not finite where a logit is not
  int64_t right = 0;  ///< clips whose largest logit is their label's; ties count for the first class
  Tensor gradient;    ///< of the mean loss by the logits, [B, classes] float32
};

/// Cross-entropy of softmax(logits) with the smoothed target (1 - smoothing) at the label and smoothing /
/// classes everywhere (Szegedy et al. 2016, section 7; PyTorch's CrossEntropyLoss(label_smoothing)). logits:
/// [B, classes], any floating type; labels in [0, classes); smoothing in [0, 1). Throws
/// Error(kInvalidArgument).
LossResult cross_entropy(const Tensor& logits, std::span<const int64_t> labels, double smoothing);

}  // namespace relevid::train
