// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/flipping.h"
#include "evaluate/plan.h"
#include "evaluate/rows.h"
#include "relevid/tensor.h"

namespace relevid::evaluate {

/// A network with its explanation methods. Clips are [1, C, T, H, W]. Used from one thread.
class MethodNetwork {
 public:
  virtual ~MethodNetwork() = default;
  /// Runs the clip, which map() then explains; what the network gives to every class: its best one.
  virtual int64_t take(const Tensor& clip) = 0;
  /// The class with the largest score but `target` of the clip it took; -1 where there is no other.
  virtual int64_t runner_up(int64_t target) = 0;
  /// What the network gives to a class of the clip it took.
  virtual TargetScore score(int64_t target) = 0;
  /// Relevance of the clip that was taken, summed over channels: [T, H, W].
  virtual std::vector<float> map(size_t method, int64_t target) = 0;
  /// The same of another class, with the sign that it has beside the target's where both start from their
  /// scores.
  virtual std::vector<float> map_beside(size_t method, int64_t other, int64_t target) = 0;
  /// Scores many clips of that shape, without explaining them. May throw Interrupted, as may map().
  virtual std::vector<TargetScore> classify(int64_t count, const ClipWriter& write, int64_t target) = 0;
};

struct Networks {
  MethodNetwork& network;
  std::vector<MethodNetwork*> randomised;  ///< as EvaluationPlan::randomised has them; take() and map() alone
  /// That takes EvaluationPlan::input_shift off its input; needed for Check::kInvariance; take() and map()
  /// alone.
  MethodNetwork* shifted = nullptr;
};

/// A clip of a video.
struct ClipToEvaluate {
  const Tensor& clip;
  std::string video;                                     ///< its name, for the seeds
  int64_t number = 0;                                    ///< of the clip; 0 has the checks
  std::optional<int64_t> target = std::nullopt;          ///< the network's best class where not given
  std::optional<std::vector<char>> mask = std::nullopt;  ///< [T, H, W] of the object
};

struct EvaluatedClip {
  int64_t target = 0, predicted = 0;
  TargetScore score;
  std::vector<CurveRow> curves;
  std::vector<MeasureRow> measures;
  std::vector<std::vector<float>> maps;  ///< [method] [T, H, W]
};

/// Every measure of one clip. What it gives depends on the clip, its name and number, and the plan alone.
EvaluatedClip evaluate_clip(const ClipToEvaluate& clip, const EvaluationPlan& plan, const Networks& networks);

/// Check::kOffset: `later` is the clip one step later, `maps` those of the clip itself. Compares what both
/// have: frame t + 1 of the clip with frame t of the later one.
std::vector<MeasureRow> compare_offset(const Tensor& later, int64_t target,
                                       std::span<const std::vector<float>> maps, const EvaluationPlan& plan,
                                       MethodNetwork& network);

}  // namespace relevid::evaluate
