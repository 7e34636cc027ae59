// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "kernels/onednn/device.h"
#include "kernels/onednn/window_lanes.h"

namespace relevid::kernels::onednn {

/// Outputs along one axis whose windows have the same taps inside the input: those from `begin` to before
/// `end`, and `first_tap` to before `taps_end`.
struct Stretch {
  int64_t begin, end;
  int64_t first_tap, taps_end;
  int64_t first_input;  ///< where tap 0 of the output `begin` lies; may be outside
};

/// The window of one channel in all three axes.
struct WindowExtents {
  Extent kernel{1, 1, 1}, strides{1, 1, 1}, dilations{1, 1, 1}, pads{};

  int64_t taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  WindowRow row(const Layout& in, const Layout& out) const {
    return {in.block, out.width, in.width, kernel[2], strides[2], dilations[2], pads[2]};
  }
  /// All outputs of each axis.
  std::array<std::vector<Stretch>, 3> stretches(const Layout& in, const Layout& out) const;
  /// Calls f(input row, first tap) for the rows that output row h of output frame t reads through kernel
  /// frame a. Rows count from the plane's first, taps from the kernel's.
  template <class F>
  void for_each_row(const Layout& in, int64_t t, int64_t h, int64_t a, F&& f) const {
    const int64_t it = t * strides[0] - pads[0] + a * dilations[0];
    if (it < 0 || it >= in.time) return;
    for (int64_t b = 0; b < kernel[1]; ++b) {
      const int64_t ih = h * strides[1] - pads[1] + b * dilations[1];
      if (ih >= 0 && ih < in.height) f(it * in.height + ih, (a * kernel[1] + b) * kernel[2]);
    }
  }
  /// Calls f(output, tap) for the outputs along the axis whose tap reads this input.
  template <class F>
  void for_each_output(size_t axis, int64_t input, int64_t outputs, F&& f) const {
    for (int64_t k = 0; k < kernel[axis]; ++k) {
      const int64_t first = input + pads[axis] - k * dilations[axis];
      if (first >= 0 && first % strides[axis] == 0 && first / strides[axis] < outputs)
        f(first / strides[axis], k);
    }
  }
  /// Calls f(output row, first tap) for the rows that read row ih of input frame it.
  template <class F>
  void for_each_row_back(const Layout& out, int64_t it, int64_t ih, F&& f) const {
    for_each_output(0, it, out.time, [&](int64_t t, int64_t a) {
      for_each_output(1, ih, out.height,
                      [&](int64_t h, int64_t b) { f(t * out.height + h, (a * kernel[1] + b) * kernel[2]); });
    });
  }
};
template <class Spec>
WindowExtents window_of(const Spec& spec) {
  return {spec.kernel, spec.strides, spec.dilations, spec.pads_begin};
}

/// The backward pass from a row of outputs to every `stride`-th input, which is a window over the outputs,
/// its taps in reverse.
struct ReverseWindow {
  WindowRow row;
  int64_t first_tap = 0, tap_step = 0, first_input = 0;
};
/// With these all inputs are written, those that no window reaches too; none where a dilation and a stride do
/// not let it be so, or windows are wider than the row and would be all border.
std::vector<ReverseWindow> reverse_windows(const WindowRow& window);

/// Sums from 0 on, as they come out.
inline constexpr float kZeroBlock[16] = {};
inline constexpr SumsFrom kFromZero{kZeroBlock, kNoLeast};

/// out[o] = max(least, start + Σ_rows Σ_k w[k] in[o stride - pad + k dilation]), zeros outside; NaN stays
/// NaN. `tap_step`: floats from one tap to the next; negative for taps that are given by the last.
void window_rows_apply(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                       const SumsFrom& from, float* out);

/// The same from 0 on, with weights of 1 for an input under the tap that it counts for, and 0 under others.
/// `tap_step`: from the number of one tap to that of the next.
void window_rows_pick(const WindowRow& row, const RowWinners* rows, int64_t count, int32_t tap_step,
                      float* out);

/// The adjoint: in[o stride - pad + k dilation] += w[k] out[o].
void window_row_adjoint(const WindowRow& row, const float* out, const float* w, float* in);
/// The gradient by w: w[k] += Σ_o in[o stride - pad + k dilation] out[o].
void window_row_products(const WindowRow& row, const float* in, const float* out, double* w);

}  // namespace relevid::kernels::onednn
