// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/window_rows.h"

#include <algorithm>

namespace relevid::kernels::onednn {
namespace {

/// Outputs whose tap `k` lies inside the input.
OutputRange outputs_of_tap(const WindowRow& row, int64_t k) {
  const int64_t shift = row.pad - k * row.dilation;  // in = o stride - shift
  const int64_t begin = shift > 0 ? (shift + row.stride - 1) / row.stride : 0;
  const int64_t room = row.in_width - 1 + shift;
  const int64_t end = room < 0 ? 0 : std::min(row.out_width, room / row.stride + 1);
  return {begin, std::max(begin, end)};
}

/// Outputs that have all taps inside.
OutputRange whole_outputs(const WindowRow& row) {
  const int64_t begin = std::min(row.out_width, outputs_of_tap(row, 0).begin);
  return {begin, outputs_of_tap(row, row.kernel - 1).end};
}

}  // namespace

extern const WindowLanes kWindowLanes16, kWindowLanes8, kWindowLanes8Plain, kWindowLanes1;

const WindowLanes& window_lanes(int64_t block) {
  if (block == 1) return kWindowLanes1;
  if (block == 16) return kWindowLanes16;
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? kWindowLanes8 : kWindowLanes8Plain;
#else
  return kWindowLanes8;
#endif
}

std::array<std::vector<Stretch>, 3> WindowExtents::stretches(const Layout& in, const Layout& out) const {
  const int64_t inputs[3] = {in.time, in.height, in.width}, outputs[3] = {out.time, out.height, out.width};
  std::array<std::vector<Stretch>, 3> result;
  for (size_t axis = 0; axis < 3; ++axis) {
    for (int64_t o = 0; o < outputs[axis]; ++o) {
      const int64_t first = o * strides[axis] - pads[axis];
      const auto is_inside = [&](int64_t tap) {
        const int64_t input = first + tap * dilations[axis];
        return input >= 0 && input < inputs[axis];
      };
      int64_t begin = 0, end = kernel[axis];
      while (begin < end && !is_inside(begin)) ++begin;
      while (begin < end && !is_inside(end - 1)) --end;
      std::vector<Stretch>& along = result[axis];
      if (!along.empty() && along.back().first_tap == begin && along.back().taps_end == end) {
        along.back().end = o + 1;
      } else {
        along.push_back({o, o + 1, begin, end, first});
      }
    }
  }
  return result;
}

std::vector<ReverseWindow> reverse_windows(const WindowRow& window) {
  if (window.kernel > window.out_width || (window.stride > 1 && window.dilation > 1)) return {};
  std::vector<ReverseWindow> result;
  for (int64_t input = 0; input < std::min(window.stride, window.in_width); ++input) {
    // in = out stride - pad + k dilation, and with a stride of more than 1 every stride-th tap meets it.
    const int64_t first = (input + window.pad) % window.stride;
    const int64_t taps = std::max<int64_t>(0, (window.kernel - first + window.stride - 1) / window.stride);
    const int64_t inputs = (window.in_width - input + window.stride - 1) / window.stride;
    const int64_t pad = (taps - 1) * window.dilation - (input + window.pad - first) / window.stride;
    result.push_back({{window.block, inputs, window.out_width, taps, 1, window.dilation, pad, window.stride},
                      taps > 0 ? first + window.stride * (taps - 1) : 0,
                      -window.stride,
                      input});
  }
  return result;
}

void window_rows_apply(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                       const SumsFrom& from, float* out) {
  window_lanes(row.block).apply(row, rows, count, tap_step, whole_outputs(row), from, out);
}

void window_rows_pick(const WindowRow& row, const RowWinners* rows, int64_t count, int32_t tap_step,
                      float* out) {
  window_lanes(row.block).pick(row, rows, count, tap_step, whole_outputs(row), kFromZero, out);
}

void window_row_adjoint(const WindowRow& row, const float* out, const float* w, float* in) {
  for (int64_t k = 0; k < row.kernel; ++k) {
    const OutputRange r = outputs_of_tap(row, k);
    float* to = in + (r.begin * row.stride - row.pad + k * row.dilation) * row.block;
    window_lanes(row.block).multiply_add(out + r.begin * row.block, w + k * row.block, to, r.end - r.begin,
                                         row.block, row.stride * row.block);
  }
}

void window_row_products(const WindowRow& row, const float* in, const float* out, double* w) {
  for (int64_t k = 0; k < row.kernel; ++k) {
    const OutputRange r = outputs_of_tap(row, k);
    const float* from = in + (r.begin * row.stride - row.pad + k * row.dilation) * row.block;
    window_lanes(row.block).add_products(from, out + r.begin * row.block, w + k * row.block, r.end - r.begin,
                                         row.stride * row.block, row.block);
  }
}

}  // namespace relevid::kernels::onednn
