// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "train/optimiser.h"
#include "train/trainable_model.h"

namespace relevid::train {

/// Every setting that the weights depend on, in the order in which differences are reported.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// Where a run is: after update `step` of epoch `epoch`, both counted from 0. All that is random in a run is
/// drawn from its seed and these two, so that they are its random state.
struct Position {
  int64_t epoch = 0;
  int64_t step = 0;
  double loss_sum = 0;  ///< over the epoch's updates so far
  int64_t clips = 0, clips_right = 0;
  double norm_sum = 0;               ///< of gradients, likewise
  int64_t attempt = 1;               ///< 1 + restarts so far
  std::vector<EpochResult> history;  ///< of the epochs that are over, restarted ones included
};

/// The best of the states that a run went through.
struct BestState {
  int64_t place = 0;            ///< of its epoch in the history
  std::vector<Tensor> tensors;  ///< the model's parameters, then its statistics
};

/// What a checkpoint holds of a run. Borrowed; `best` may be empty.
struct RunState {
  TrainableModel& model;
  Optimiser& optimiser;
  Position& position;
  std::optional<BestState>& best;
};

/// A file that appears whole or not at all (.npz, not deflated): weights, statistics, moments, position, the
/// best state, settings. Throws Error(kIo).
void save_checkpoint(const std::filesystem::path& path, const RunState& state, const Settings& settings);

/// A copy of a model's parameters and statistics; and what writes one back into a model of the same shapes.
std::vector<Tensor> copied_state(const TrainableModel& model);
void restore_state(TrainableModel& model, std::span<const Tensor> tensors);

/// Reads it back into a model and an optimiser of the same shapes; where it throws, nothing is changed.
/// Errors: kIo, kCorruptInput (no checkpoint, other arrays), kInvalidArgument (other settings, naming the
/// first that differs).
void load_checkpoint(const std::filesystem::path& path, const RunState& state, const Settings& settings);

}  // namespace relevid::train
