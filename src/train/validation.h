// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "graph/model.h"
#include "kernels/kernels.h"
#include "relevid/train.h"
#include "train/videos.h"

namespace relevid::train {

/// How well a model, run as its users will run it (batch norms merged, nothing dropped), knows the videos:
/// clips as the settings' sampler places them, cropped at the centre. `batch` is the shape of several clips.
/// Throws Interrupted.
Accuracy validate(const graph::Model& model, const Shape& batch, kernels::Library& library,
                  const std::vector<TrainingVideo>& videos, const ModelSettings& settings,
                  const TrainOptions& options, const RunControl& control);

}  // namespace relevid::train
