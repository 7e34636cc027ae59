// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/observation.h"
#include "statistics/bootstrap.h"

namespace relevid::audit {

// Controls are compared with the real clips at the same interval, paired over videos: with the clips they
// were made from, where run::Observation::real_shares has them, otherwise with all. A control made from one
// clip of several needs the former: in a mean over clips that lie elsewhere, shifted content would go unseen.
// They explain a verdict and are no verdict themselves: each has its own 95 % interval, uncorrected for their
// number.

/// Whether something that was taken away (training, motion, order) matters for the border.
enum class BorderChange { kWeaker, kSame, kStronger, kCantTell };

/// Random weights, frozen, shuffled or reversed frames, shifted clips: what they do to the border ratio.
struct BorderControl {
  run::Condition condition;
  int64_t k = 1;                       ///< max(1, T/8)
  statistics::Estimate relative;       ///< the control's border ratio over that of the real clips
  int64_t observed = 0;                ///< videos with clips of the control and of the real ones
  int64_t without_relevance = 0;       ///< of these, in the control's clips: not in `relative`
  int64_t real_without_relevance = 0;  ///< of these, in the real clips: not in `relative`
  /// Of the interval of `relative`: kSame where it lies in 1 ± δ; otherwise kStronger above 1, kWeaker below
  /// 1; where it holds 1, kSame in 1 ± 2δ, and beyond that it can't be told. Ends are rounded to the two
  /// decimals that the sentence shows.
  BorderChange change = BorderChange::kCantTell;
  std::string sentence;
};

enum class Follows { kPosition, kContent, kCantTell };

/// Reversed frames and shifted clips: does relevance stay at its position in the clip, or go with the frames
/// it was on? Distances are total variation, ½ Σ |p - q| (0 the same, 1 disjoint), per video, between the
/// control's profile q and what either hypothesis expects of it from the real clips' profile p:
///
///   reversed             position: q[t] = p[t]      content: q[t] = p[T-1-t]
///   shifted s positions  position: q[t] = p[t]      content: q[t] = p[t+s]
///
/// for a shift on those t where t and t+s are in the clip, each part scaled to sum to 1. s = shift_frames /
/// interval, which has to be whole and less than T-1 in size. What varies between videos at fixed positions,
/// as a border that weighs more in some, counts for position, though the mean profile may be flat.
struct FollowControl {
  run::Condition condition;
  statistics::Estimate from_position, from_content;  ///< distances
  statistics::Estimate difference;       ///< from_content - from_position; above 0: follows position
  Follows follows = Follows::kCantTell;  ///< where the interval of `difference` excludes 0
  std::string sentence;
};

struct Controls {
  std::vector<BorderControl> border;
  std::vector<FollowControl> follow;
};

/// What the interval of a control's `relative` says; δ = `smallest_effect` > 0. BorderControl::change has the
/// limits.
BorderChange change_of(const statistics::Estimate& relative, double smallest_effect);

/// The distances of one video: {from position, from content}. nullopt where nothing can be compared.
std::optional<std::vector<double>> follow_distances(const run::Condition& condition,
                                                    const std::vector<double>& real,
                                                    const std::vector<double>& control);

/// Collects what Controls need. Borrows the bootstrap and the conditions.
class ControlSums {
 public:
  ControlSums(statistics::Bootstrap& bootstrap, const std::vector<run::Condition>& conditions,
              int64_t frames);
  void add(const run::VideoRecord& video);
  /// `smallest_effect` δ > 0.
  Controls result(double smallest_effect);

 private:
  struct Pair {
    size_t control = 0, real = 0;                        ///< conditions
    statistics::Bootstrap::Panel border = 0;             ///< B_k of the control, B_k of the real clips
    std::optional<statistics::Bootstrap::Panel> follow;  ///< follow_distances
    int64_t observed = 0, without_relevance = 0, real_without_relevance = 0;  ///< as BorderControl's
  };
  statistics::Bootstrap& bootstrap_;
  const std::vector<run::Condition>& conditions_;
  int64_t frames_;
  std::vector<Pair> pairs_;
};

}  // namespace relevid::audit
