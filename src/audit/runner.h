// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/progress.h"
#include "relevid/tensor.h"
#include "run/clip_feed.h"
#include "run/run_store.h"

namespace relevid::audit {

/// What a network says of a clip, and why.
struct ClipScore {
  std::vector<double> probabilities;  ///< [classes]
  run::ClipFinding finding;
};

/// A network with an explanation method. Used from one thread.
class ClipScorer {
 public:
  virtual ~ClipScorer() = default;
  /// `target`: the class to explain; nothing: the best. Throws Error.
  virtual ClipScore score(const Tensor& clip, std::optional<int64_t> target) = 0;
};

/// Who looks at clips: the network, and for kRandomWeights and kSecondMethod (else not needed) the one with
/// random weights and the network with another method.
struct Scorers {
  ClipScorer& network;
  ClipScorer* random_weights = nullptr;
  ClipScorer* second_method = nullptr;
};

struct RunnerOptions {
  run::FeedOptions feed;
  /// kLabel: the video's label where it has one.
  enum class Target { kPredicted, kLabel } target = Target::kPredicted;
};

struct RunnerOutcome {
  int64_t videos = 0, clips = 0;  ///< that were done now, not before
  double scoring_seconds = 0;     ///< of them in the scorers
  bool finished = false;          ///< every row of the shard is in the run
};

/// Audits the rows of the store's shard that are not in it yet. A video that cannot be audited is a row with
/// its error. When interrupted it finishes the video it is at. Throws Error for the store's errors and for
/// kInternal ones.
RunnerOutcome audit_videos(run::RunStore& store, const DataSet& data, const RunnerOptions& options,
                           const Scorers& scorers, const RunControl& control);

}  // namespace relevid::audit
