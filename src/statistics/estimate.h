// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace relevid::statistics {

/// Below this many videos no interval is to be trusted: coverage falls clearly below 95 %, and no claim is
/// made from one (measured in docs/dev/audit-statistics.md).
inline constexpr int64_t kFewVideos = 10;

/// A statistic of the videos, with its 95 % interval over videos.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();           ///< NaN without a video
  double low = std::numeric_limits<double>::quiet_NaN();             ///< NaN without an interval, as for
  double high = std::numeric_limits<double>::quiet_NaN();            ///< a single video
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< NaN without an interval
  int64_t videos = 0;                                                ///< how many it comes from

  bool has_interval() const { return low <= high; }
  bool reliable() const { return has_interval() && videos >= kFewVideos; }
  /// The same in another unit; `factor` > 0.
  Estimate scaled(double factor) const {
    return {value * factor, low * factor, high * factor, standard_error * factor, videos};
  }
};

/// A range over videos, both ends included.
struct Range {
  double lowest = 0, highest = 0;
};

/// Which observations are added before an interval is made, not to the value. Values in [0, 1] or differences
/// of them may all agree, and then say nothing of their own uncertainty: the bootstrap of 20 right out of 20
/// is [1, 1]; with the guard it is [0.84, 1], where Clopper and Pearson's exact limit is 0.832.
enum class Guard {
  kNone,
  /// One 1 and one 0: Bayes' and Laplace's uniform prior, given to the bootstrap as to Rubin's Bayesian one
  /// (1981, Ann. Stat. 9:130); Agresti and Caffo (2000, Am. Stat. 54:280) add the same to either sample.
  kProportion,
  /// One +1 and one -1, so one to either count of discordant videos: Bonett, Price 2012 (J. Educ. Behav.
  /// Stat. 37:479).
  kDifference,
};

}  // namespace relevid::statistics
