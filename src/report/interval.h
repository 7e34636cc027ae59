// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>

namespace relevid::report {

/// A number with its 95 % interval; NaN where there is none.
struct Interval {
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace relevid::report
