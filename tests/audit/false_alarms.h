// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::audit::testing {

/// How often something was said of data sets whose truth is known.
struct Claims {
  int64_t data_sets = 0;
  int64_t present = 0, absent = 0;  ///< verdicts; what is left can't tell
  int64_t change = 0;               ///< recommendations
  int64_t chosen = 0;               ///< another interval than the base, on the choice half

  double share(int64_t count) const { return static_cast<double>(count) / static_cast<double>(data_sets); }
};

/// Audits `data_sets` made-up data sets of `videos` videos, three intervals and a null profile that is not
/// uniform. The true excess is `excess`; the true accuracy 0.7 at the base and 0.7 + `gain` at the others.
Claims claims_about(double excess, double gain, int64_t videos, int64_t data_sets, int64_t replicates);

}  // namespace relevid::audit::testing
