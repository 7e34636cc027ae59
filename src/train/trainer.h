// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

#include "graph/model.h"
#include "kernels/kernels.h"
#include "relevid/preprocessing.h"
#include "relevid/train.h"
#include "train/checkpoint.h"

namespace relevid::train {

/// What is trained, on what, and where its checkpoint goes.
struct Job {
  const graph::Model& start;      ///< the network as it begins
  const ModelSettings& settings;  ///< its preprocessing, sampling and class names
  Shape clip;                     ///< of one clip, in the model's layout
  const DataSet& training;
  const DataSet& validation;
  const TrainOptions& options;
  std::filesystem::path checkpoint;
  Settings identity;  ///< of the run: what a checkpoint must have been made with
  /// Called after every epoch, once its checkpoint is there, with all that is known so far.
  std::function<void(const TrainResult&)> record;
};

struct Trained {
  graph::Model model;
  TrainResult result;
};

/// The whole run, from decoding to the last epoch. `options` as with_defaults gives them. Errors as
/// train_model's; throws Interrupted.
Trained run(const Job& job, kernels::Library& library, const RunControl& control,
            const TrainObserver& observer);

}  // namespace relevid::train
