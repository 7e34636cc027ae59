// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// One row of a sliding window along the width, `block` channels at a time (1, 8 or 16; channels innermost).
struct WindowRow {
  int64_t block = 16;
  int64_t out_width = 0, in_width = 0;
  int64_t kernel = 1, stride = 1, dilation = 1, pad = 0;
};

/// out[o] += Σ_k w[k] in[o stride - pad + k dilation], zeros outside; w is [kernel][block].
void window_row_apply(const WindowRow& row, const float* in, const float* w, float* out);
/// The adjoint: in[o stride - pad + k dilation] += w[k] out[o].
void window_row_adjoint(const WindowRow& row, const float* out, const float* w, float* in);
/// The gradient by w: w[k] += Σ_o in[o stride - pad + k dilation] out[o].
void window_row_products(const WindowRow& row, const float* in, const float* out, double* w);

}  // namespace relevid::kernels::onednn
