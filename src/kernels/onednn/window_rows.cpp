// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/window_rows.h"

#include <algorithm>

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

struct Range {
  int64_t begin, end;
};

/// Outputs whose tap `k` lies inside the input.
Range outputs_of_tap(const WindowRow& row, int64_t k) {
  const int64_t shift = row.pad - k * row.dilation;  // in = o stride - shift
  const int64_t begin = shift > 0 ? (shift + row.stride - 1) / row.stride : 0;
  const int64_t room = row.in_width - 1 + shift;
  const int64_t end = room < 0 ? 0 : std::min(row.out_width, room / row.stride + 1);
  return {begin, std::max(begin, end)};
}

template <int kBlock>
RELEVID_INLINED void multiply_add(const float* __restrict a, const float* __restrict w, float* __restrict to,
                                  int64_t count, int64_t a_step, int64_t to_step) {
  for (int64_t o = 0; o < count; ++o) {
    for (int lane = 0; lane < kBlock; ++lane) to[o * to_step + lane] += w[lane] * a[o * a_step + lane];
  }
}

RELEVID_DISPATCHED
void multiply_add_blocks(int64_t block, const float* a, const float* w, float* to, int64_t count,
                         int64_t a_step, int64_t to_step) {
  switch (block) {
    case 16:
      multiply_add<16>(a, w, to, count, a_step, to_step);
      break;
    case 8:
      multiply_add<8>(a, w, to, count, a_step, to_step);
      break;
    default:
      multiply_add<1>(a, w, to, count, a_step, to_step);
      break;
  }
}

template <int kBlock>
RELEVID_INLINED void add_products(const float* a, const float* b, double* to, int64_t count, int64_t a_step,
                                  int64_t b_step) {
  float sums[kBlock] = {};
  for (int64_t o = 0; o < count; ++o) {
    for (int lane = 0; lane < kBlock; ++lane) sums[lane] += a[o * a_step + lane] * b[o * b_step + lane];
  }
  for (int lane = 0; lane < kBlock; ++lane) to[lane] += static_cast<double>(sums[lane]);
}

RELEVID_DISPATCHED
void add_products_of_blocks(int64_t block, const float* a, const float* b, double* to, int64_t count,
                            int64_t a_step, int64_t b_step) {
  switch (block) {
    case 16:
      add_products<16>(a, b, to, count, a_step, b_step);
      break;
    case 8:
      add_products<8>(a, b, to, count, a_step, b_step);
      break;
    default:
      add_products<1>(a, b, to, count, a_step, b_step);
      break;
  }
}

}  // namespace

void window_row_apply(const WindowRow& row, const float* in, const float* w, float* out) {
  for (int64_t k = 0; k < row.kernel; ++k) {
    const Range r = outputs_of_tap(row, k);
    const float* from = in + (r.begin * row.stride - row.pad + k * row.dilation) * row.block;
    multiply_add_blocks(row.block, from, w + k * row.block, out + r.begin * row.block, r.end - r.begin,
                        row.stride * row.block, row.block);
  }
}

void window_row_adjoint(const WindowRow& row, const float* out, const float* w, float* in) {
  for (int64_t k = 0; k < row.kernel; ++k) {
    const Range r = outputs_of_tap(row, k);
    float* to = in + (r.begin * row.stride - row.pad + k * row.dilation) * row.block;
    multiply_add_blocks(row.block, out + r.begin * row.block, w + k * row.block, to, r.end - r.begin,
                        row.block, row.stride * row.block);
  }
}

void window_row_products(const WindowRow& row, const float* in, const float* out, double* w) {
  for (int64_t k = 0; k < row.kernel; ++k) {
    const Range r = outputs_of_tap(row, k);
    const float* from = in + (r.begin * row.stride - row.pad + k * row.dilation) * row.block;
    add_products_of_blocks(row.block, from, out + r.begin * row.block, w + k * row.block, r.end - r.begin,
                           row.stride * row.block, row.block);
  }
}

}  // namespace relevid::kernels::onednn
