// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "relevid/audit_control.h"
#include "relevid/dataset.h"
#include "relevid/explain.h"
#include "relevid/export.h"
#include "relevid/model.h"
#include "relevid/progress.h"
#include "relevid/run_file.h"

namespace RELEVID_EXPORT relevid {

/// What an audit looks at, and how.
struct AuditOptions {
  std::filesystem::path out;  ///< the run; an existing one is resumed
  /// How a video becomes clips. Of the sampling, num_clips or stride say how many; past_end is not used:
  /// a video too short for an interval has no clips there.
  ModelSettings settings;
  MethodOptions method;  ///< `layout` and `interrupt` are not used
  /// The control kSecondMethod's; "auto": deep_taylor, or where that is the method the one auto stands for.
  std::string second_method = "auto";
  std::vector<int64_t> intervals = {1, 2, 3, 4, 6, 8};
  /// The controls' interval, added to the others; by default the one the settings give the model.
  std::optional<int64_t> base_interval;
  /// Videos are resampled to this rate first, by the frames nearest in time; by default to the settings'
  /// target_fps where they have one.
  std::optional<double> fps;
  std::vector<AuditControl> controls = all_audit_controls();
  int64_t control_clips = 1;  ///< of a video, under each control
  /// Frames (after resampling); by default a quarter of a clip: clip_len / 4 steps of the base interval.
  std::optional<int64_t> shift_frames;
  /// The class that is explained: the predicted one, or the label.
  enum class Target { kPredicted, kLabel } target = Target::kPredicted;  ///< the class that is explained
  /// How labels find the model's classes: by the classes' names, or as their indices.
  enum class Labels { kByName, kByIndex } labels = Labels::kByName;  ///< how the model's classes are found
  uint64_t seed = 1;  ///< of shuffled frames and random weights
  Shard shard;
  VideoOptions video = {.threads = 1};  ///< decoding has one core, the network all
};

/// What a call of run_audit() came to.
struct AuditOutcome {
  RunCounts counts;               ///< of the run as it is now
  int64_t videos = 0, clips = 0;  ///< done now, not before
  double seconds = 0;             ///< for them
  double computing_seconds = 0;   ///< of these, in forward passes and explanations
  bool finished = false;          ///< false: interrupted; the same call goes on
};

/// Audits every video of the shard that the run does not have yet, and writes it whole or not at all. When
/// interrupted it finishes the video it is at and returns. Videos that cannot be audited are rows with their
/// error. Errors: as ClipExplainer's; kInvalidArgument for a run of other settings (with the differences),
/// labels that the model does not have, options out of range; kIo, kCorruptInput of the run.
AuditOutcome run_audit(const Model& model, const DataSet& data, const AuditOptions& options,
                       const RunControl& control);

}  // namespace relevid
