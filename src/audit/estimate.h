// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>

namespace relevid::audit {

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

/// Which observations are added before an interval is made, not to the value. A mean of values in [0, 1] or
/// of their differences says nothing of its own uncertainty where all videos agree: the bootstrap of 20 right
/// out of 20 is [1, 1].
enum class Guard {
  kNone,
  kProportion,  ///< two of 1 and two of 0: Agresti, Coull 1998 (Am. Stat. 52:119), "plus four"
  kDifference,  ///< one of +1 and one of -1: Bonett, Price 2012 (J. Educ. Behav. Stat. 37:479)
};

}  // namespace relevid::audit
