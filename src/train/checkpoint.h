// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "train/optimiser.h"
#include "train/trainable_model.h"

namespace relevid::train {

/// Every setting that the weights depend on, in the order in which differences are reported.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// Where a run is: behind update `step` of epoch `epoch`, both counted from 0. All that is random in a run is
/// drawn from its seed and these two, so that they are its random state.
struct Position {
  int64_t epoch = 0;
  int64_t step = 0;
  double loss_sum = 0;  ///< over the epoch's updates so far
  int64_t clips = 0, clips_right = 0;
  std::vector<EpochResult> history;  ///< of the epochs that are over
};

/// A file that appears whole or not at all (.npz, not deflated): weights, statistics, moments, position,
/// settings. Throws Error(kIo).
void save_checkpoint(const std::filesystem::path& path, const TrainableModel& model, Optimiser& optimiser,
                     const Position& position, const Settings& settings);

/// Reads it back into a model and an optimiser of the same shapes. Errors: kIo, kCorruptInput (no checkpoint,
/// other arrays), kInvalidArgument (other settings, naming the first that differs).
Position load_checkpoint(const std::filesystem::path& path, TrainableModel& model, Optimiser& optimiser,
                         const Settings& settings);

/// An epoch as one line of JSON, without the line's end.
std::string to_json(const EpochResult& result);

}  // namespace relevid::train
