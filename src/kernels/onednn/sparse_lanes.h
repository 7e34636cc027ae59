// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// An output whose sum is wanted: where its window begins, and where the sum goes.
struct WantedSum {
  int32_t window;  ///< a position of the source, in units of its width
  int32_t target;  ///< an element of y
};

/// The source of sums: stretches of floats in a row that are multiplied with the next weights in a row.
struct Window {
  const int64_t* stretches;  ///< where each begins, in floats from the window's first
  int64_t count;
  int64_t length;  ///< floats of each; a multiple of the lanes
};

/// A value that is not zero, and which row of weights it scales.
struct Scaled {
  float value;
  int32_t row;
};

/// The two inner loops of sparse convolutions, for one instruction set. `lanes` floats make a vector.
struct SparseLanes {
  int64_t lanes;
  /// y[target] += w · window, for each wanted sum; positions of `x` are `width` floats apart.
  void (*dots)(const float* w, const Window& window, const float* x, int64_t width, const WantedSum* wanted,
               int64_t count, float* y);
  /// Per position p: sums[p step ...] += Σ value · its row, over scaled[starts[p]] to scaled[starts[p + 1]].
  /// Rows are `vectors` (1 to 4) vectors long and follow each other.
  void (*add_rows)(const float* rows, int64_t vectors, const Scaled* scaled, const int32_t* starts,
                   int64_t positions, float* sums, int64_t step);
};

/// For channels in blocks of 16 (AVX-512; plain code on processors that are not x86) or 8 (AVX2). Null where
/// this processor has neither.
const SparseLanes* sparse_lanes(int64_t block);

}  // namespace relevid::kernels::onednn
