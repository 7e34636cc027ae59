// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// One row of a sliding window along the width, `block` channels at a time (1, 8 or 16; channels innermost).
struct WindowRow {
  int64_t block = 16;
  int64_t out_width = 0, in_width = 0;
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0;
  int64_t out_step = 1;  ///< of window_rows_apply: blocks from one output to the next
};

/// A row of the input, and its taps [kernel][block].
struct RowTaps {
  const float *in, *taps;
};

/// out[o] += Σ_rows Σ_k w[k] in[o stride - pad + k dilation], zeros outside. `tap_step`: floats from one tap
/// to the next; negative for taps that are given by the last.
void window_rows_apply(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                       float* out);
/// The adjoint: in[o stride - pad + k dilation] += w[k] out[o].
void window_row_adjoint(const WindowRow& row, const float* out, const float* w, float* in);
/// The gradient by w: w[k] += Σ_o in[o stride - pad + k dilation] out[o].
void window_row_products(const WindowRow& row, const float* in, const float* out, double* w);

}  // namespace relevid::kernels::onednn
