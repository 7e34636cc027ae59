// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "evaluate/clip_evaluator.h"
#include "evaluate/localisation.h"
#include "evaluate/store.h"
#include "relevid/progress.h"
#include "run/clip_feed.h"

namespace relevid::evaluate {

struct RunnerOptions {
  /// One interval, and AuditControl::kShifted by one step where the plan has Check::kOffset.
  run::FeedOptions feed;
  EvaluationPlan plan;
  std::optional<Objects> objects;
  enum class Target { kPredicted, kLabel } target = Target::kPredicted;
};

struct RunnerOutcome {
  int64_t videos = 0, clips = 0;  ///< that were done now
  bool finished = false;          ///< every row of the shard is in the run
};

/// Evaluates the rows of the store's shard that are not in it yet, each in one transaction. A video that
/// cannot be evaluated is a row with its error. When interrupted it leaves out the video it is at. Throws
/// Error for the store's errors and for kInternal ones.
RunnerOutcome evaluate_videos(Store& store, const DataSet& data, const RunnerOptions& options,
                              const Networks& networks, const RunControl& control);

}  // namespace relevid::evaluate
