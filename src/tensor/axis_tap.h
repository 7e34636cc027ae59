// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid {

/// One summand of an axis that takes another size: y[.., to, ..] += weight x[.., from, ..].
struct AxisTap {
  int64_t to = 0, from = 0;
  double weight = 1;
};

}  // namespace relevid
