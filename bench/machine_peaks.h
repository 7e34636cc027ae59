// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::bench {

/// What this machine does at best, measured: the floor of any layer's time.
struct MachinePeaks {
  double multiply_adds_per_ms = 0;  ///< of a matrix product that caches hold
  double bytes_per_ms = 0;          ///< read and written, of a sum of two arrays that they do not

  /// Neither arithmetic nor memory lets it take less.
  double least_ms(int64_t multiply_adds, int64_t bytes) const;
};

/// With as many threads as OpenMP has.
MachinePeaks measure_peaks();

}  // namespace relevid::bench
