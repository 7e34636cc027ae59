// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "audit/withheld.h"
#include "statistics/estimate.h"

namespace relevid::audit {

enum class BorderEffect { kPresent, kAbsent, kCantTell, kNoVerdict };

/// Whether the network looks at the temporal borders of its clips more than its architecture makes it.
///
/// It rests on one statistic, fixed before the data: the excess over the null profile at the base interval
/// with k = max(1, T/8). So there is nothing to correct for; whatever else the statistics hold (other k,
/// intervals, classes) explores, and a single interval of it that excludes 1 proves nothing.
///
///   present     the excess' 95 % interval lies above 1 + δ
///   absent      it lies below 1 + δ
///   can't tell  it holds 1 + δ; or there are fewer than kFewVideos videos, no null profile, or fewer than
///               three frames, where the outer two are all there is
///   no verdict  the model is not distinguishable from chance, or most videos have no relevance (chance.h)
///
/// δ is the smallest effect of interest. As the interval misses to either side in about 2.5 % of data sets,
/// "present" is false at most that often, and "absent" too: two one-sided tests against 1 + δ.
struct Verdict {
  BorderEffect effect = BorderEffect::kCantTell;
  int64_t interval = 1;
  int64_t frames = 0;
  int64_t k = 1;
  double smallest_excess = 0;                  ///< δ
  statistics::Estimate ratio;                  ///< border ratio
  std::optional<statistics::Estimate> excess;  ///< nullopt without a null profile
  /// For kCantTell: how many videos would decide with 80 % power, at the variance seen here, if the excess is
  /// what it seems: n (z_0.975 + z_0.8)² SE² / d², d = |excess - (1 + δ)|, but no less than δ: nearer to the
  /// limit nothing decides. nullopt where no variance is known.
  std::optional<int64_t> videos_needed;
  int64_t observed = 0;              ///< videos at the interval
  int64_t without_relevance = 0;     ///< of these: not in the excess
  std::optional<Withheld> withheld;  ///< for kNoVerdict
  std::string sentence;
};

/// `smallest_excess` > 0.
Verdict verdict_on(const statistics::Estimate& ratio, const std::optional<statistics::Estimate>& excess,
                   int64_t interval, int64_t frames, double smallest_excess);

/// Says in the verdict how many of the `observed` videos have no relevance.
void count_in(Verdict& verdict, int64_t observed, int64_t without_relevance);
/// Makes it kNoVerdict; its numbers stay, but for `videos_needed`.
void withhold(Verdict& verdict, const Withheld& withheld);

}  // namespace relevid::audit
