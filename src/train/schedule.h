// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "relevid/train.h"

namespace relevid::train {

/// The learning rate of update `step` (from 0) of `steps`. Warm-up: lr (step + 1) / W over the first W =
/// warmup_epochs of updates (Goyal et al. 2017, 2.2). Then cosine: lr (1 + cos(π p)) / 2 with p the share of
/// the updates after the warm-up (Loshchilov and Hutter 2017, eq. 5, one cycle to 0); or step: lr γ^n after
/// every n-th of `step_epochs` epochs. The options' learning rate and warm-up are set.
double learning_rate(const ScheduleOptions& options, int64_t step, int64_t steps_per_epoch, int64_t epochs);

}  // namespace relevid::train
