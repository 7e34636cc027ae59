// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// One row of a sliding window along the width, a block of channels at a time (channels innermost).
struct WindowRow {
  int64_t block = 16;  ///< 1, 8 or 16 channels
  int64_t out_width = 0, in_width = 0;
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0;
  int64_t out_step = 1;  ///< of what goes over many rows: blocks from one output to the next
};

/// Outputs from `begin` to before `end`.
struct OutputRange {
  int64_t begin, end;
};

/// What sums begin with, and what they become where they are less.
struct SumsFrom {
  const float* start;  ///< [block]
  float least;
};
inline constexpr float kNoLeast = -__builtin_inff();

/// A row of the input, and its taps [kernel][block].
struct RowTaps {
  const float *in, *taps;
};

/// A row of the input, which tap each of its numbers counts for, and the number of the row's first tap.
struct RowWinners {
  const float* in;
  const uint8_t* winners;
  int32_t number;
};

/// One element of a window: its number in row-major order, and where it lies from the window's first.
struct WindowTap {
  int32_t number;
  int64_t offset;  ///< in positions of the input
};

/// Windows in a row that have the same taps inside.
struct AlikeWindows {
  const WindowTap* taps;
  int64_t tap_count, count;
  int64_t step;  ///< floats from one window to the next
};

/// The inner loops over windows, for one instruction set and size of blocks. Codes are the numbers of taps
/// that were greatest.
struct WindowLanes {
  /// window_rows_apply and window_rows_pick; outputs in `whole` have all their taps inside the row.
  void (*apply)(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                const OutputRange& whole, const SumsFrom& from, float* out);
  void (*pick)(const WindowRow& row, const RowWinners* rows, int64_t count, int32_t tap_step,
               const OutputRange& whole, const SumsFrom& from, float* out);
  /// to[o to_step] += w a[o a_step].
  void (*multiply_add)(const float* a, const float* w, float* to, int64_t count, int64_t a_step,
                       int64_t to_step);
  /// to += Σ_o a[o a_step] b[o b_step].
  void (*add_products)(const float* a, const float* b, double* to, int64_t count, int64_t a_step,
                       int64_t b_step);
  /// The greatest of each window, the first one of equals; -infinity where all of it is padding.
  void (*greatest)(const AlikeWindows& windows, const float* x, float* y, uint8_t* codes);
  void (*greatest_of_many)(const AlikeWindows& windows, const float* x, float* y, int32_t* codes);
  /// The same of what were the greatest before: a code is that of the one that won plus the number of its
  /// tap.
  void (*greatest_of_greatest)(const AlikeWindows& windows, const float* x, const uint8_t* x_codes, float* y,
                               uint8_t* codes);
  /// The backward pass: y = Σ over givers whose winner lies in [number, number + size) of what they give, and
  /// the code within that, which is the same for all of them; 0 where there is none.
  void (*narrow)(const RowWinners* givers, int64_t giver_count, int32_t size, int64_t count, float* y,
                 uint8_t* codes);
  /// y = g on winners and 0 on the other taps.
  void (*give)(const AlikeWindows& windows, const float* g, const uint8_t* codes, float* y);
  /// y += that.
  void (*add)(const AlikeWindows& windows, const float* g, const uint8_t* codes, float* y);
  void (*add_of_many)(const AlikeWindows& windows, const float* g, const int32_t* codes, float* y);
};

/// For blocks of 16 channels (AVX-512; plain code on processors that are not x86), of 8 (AVX2 where there is
/// that), or of 1.
const WindowLanes& window_lanes(int64_t block);

}  // namespace relevid::kernels::onednn
