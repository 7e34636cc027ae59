// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/explain.h"
#include "relevid/export.h"
#include "relevid/model.h"
#include "relevid/progress.h"
#include "relevid/run_file.h"

namespace RELEVID_EXPORT relevid {

/// What an evaluation measures, and of which methods.
struct EvaluateOptions {
  std::filesystem::path out;  ///< the run; an existing one is resumed
  ModelSettings settings;     ///< how a video becomes clips; as AuditOptions has them
  /// Names of methods() (explain.h). NAME:magnitude takes every element's magnitude before it sums over
  /// channels: a gradient's sign says which way the score moves, not whether it depends on the place.
  std::vector<std::string> methods;
  /// Of all methods; `method`, `layout`, `interrupt` are not used. kDefault starts from 1: from its logit, a
  /// class with a negative one (on other weights, say) would have all signs of its map turned.
  MethodOptions method;
  std::optional<int64_t> frame_interval;  ///< by default the one the settings give the model
  std::optional<double> fps;              ///< videos are resampled to this rate first
  /// What is flipped and by what it is filled: REGIONS:FILL, of frames, cells, superpixels and previous,
  /// blur, mean, noise (docs/user/evaluate.md).
  std::vector<std::string> flippings = {"frames:previous", "cells:blur"};
  int64_t steps = 10;                                        ///< of a curve
  int64_t cell_frames = 4, cell_rows = 8, cell_columns = 8;  ///< how many cells there are along each axis
  int64_t superpixels = 128;                                 ///< about how many a clip has
  /// agreement, class, shift, offset, invariance, randomised.
  std::vector<std::string> checks = {"agreement", "class", "shift", "offset", "invariance", "randomised"};
  std::filesystem::path objects;  ///< where objects are (csv); empty: localisation is not measured
  /// The class that is explained: the predicted one, or the label.
  enum class Target { kPredicted, kLabel } target = Target::kPredicted;
  /// How labels find the model's classes: by the classes' names, or as their indices.
  enum class Labels { kByName, kByIndex } labels = Labels::kByName;
  int64_t batch = 8;  ///< clips in one forward pass; fewer where method.batch_limit_bytes holds no more
  uint64_t seed = 1;  ///< of random orders, noise and random weights
  Shard shard;
  VideoOptions video = {.threads = 1};
};

/// What an evaluation takes: of each clip, and of a video's first clip more, where there are checks.
struct EvaluationCost {
  int64_t videos = 0;
  int64_t forward_passes = 0;      ///< a clip, for flipping
  int64_t explanations = 0;        ///< a clip
  int64_t first_explanations = 0;  ///< of a video's first clip, in place of those
  int64_t passes = 0;              ///< forward and backward, that a clip's explanations take
  int64_t first_passes = 0;        ///< of a video's first clip, in place of those
};
/// Errors as run_evaluation's for options.
EvaluationCost evaluation_cost(const Model& model, const DataSet& data, const EvaluateOptions& options);

/// What a call of run_evaluation() came to.
struct EvaluationOutcome {
  RunCounts counts;               ///< of the run as it is now
  int64_t videos = 0, clips = 0;  ///< done now, not before
  int64_t passes = 0;             ///< through the network, done for them
  double seconds = 0;
  bool finished = false;  ///< false: interrupted; the same call goes on
};

/// Evaluates every video of the shard that the run does not have yet, and writes it whole or not at all; when
/// interrupted the one it is at is left out. Videos that cannot be evaluated are rows with their error.
/// Errors: as ClipExplainer's; kInvalidArgument for a run of other settings (with the differences), unknown
/// names (with the nearest), options out of range; kIo, kCorruptInput of the run and of the objects.
EvaluationOutcome run_evaluation(const Model& model, const DataSet& data, const EvaluateOptions& options,
                                 const RunControl& control);

}  // namespace relevid
