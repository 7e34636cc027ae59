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

/// The channels of a block as one vector: the compiler does not see through loops over them. Each size is
/// written out, because GCC 12 drops a vector's size that hangs on a template's parameter.
template <int kBlock>
struct Block;
template <>
struct Block<16> {
  using Vector = float __attribute__((vector_size(64), aligned(4), may_alias));
};
template <>
struct Block<8> {
  using Vector = float __attribute__((vector_size(32), aligned(4), may_alias));
};
template <>
struct Block<1> {
  using Vector = float;
};
template <int kBlock>
using Channels = typename Block<kBlock>::Vector;
static_assert(sizeof(Channels<16>) == 64 && sizeof(Channels<8>) == 32);

template <int kBlock>
RELEVID_INLINED const Channels<kBlock>& channels_at(const float* p) {
  return *reinterpret_cast<const Channels<kBlock>*>(p);
}
template <int kBlock>
RELEVID_INLINED Channels<kBlock>& channels_at(float* p) {
  return *reinterpret_cast<Channels<kBlock>*>(p);
}

/// Outputs that have all taps inside, from `o` on: in registers over all rows and taps.
template <int kBlock, int kCount>
RELEVID_INLINED void some_outputs(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                                  int64_t o, float* out) {
  Channels<kBlock> sums[kCount];
#pragma GCC unroll 12
  for (int i = 0; i < kCount; ++i) sums[i] = channels_at<kBlock>(out + (o + i) * row.out_step * kBlock);
  const int64_t step = row.stride * kBlock;
  for (int64_t r = 0; r < count; ++r) {
    const float* from = rows[r].in + (o * row.stride - row.pad) * kBlock;
    const float* taps = rows[r].taps;
    for (int64_t k = 0; k < row.kernel; ++k, from += row.dilation * kBlock, taps += tap_step) {
      const Channels<kBlock> w = channels_at<kBlock>(taps);
#pragma GCC unroll 12
      for (int i = 0; i < kCount; ++i) sums[i] += w * channels_at<kBlock>(from + i * step);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kCount; ++i) channels_at<kBlock>(out + (o + i) * row.out_step * kBlock) = sums[i];
}

/// The same for three taps side by side, which is most windows: each input is loaded once for all its taps.
template <int kBlock, int kCount, int kStride>
RELEVID_INLINED void some_outputs_of_three(const WindowRow& row, const RowTaps* rows, int64_t count,
                                           int64_t tap_step, int64_t o, float* out) {
  Channels<kBlock> sums[kCount];
#pragma GCC unroll 12
  for (int i = 0; i < kCount; ++i) sums[i] = channels_at<kBlock>(out + (o + i) * row.out_step * kBlock);
  for (int64_t r = 0; r < count; ++r) {
    const float* from = rows[r].in + (o * kStride - row.pad) * kBlock;
    const Channels<kBlock> first = channels_at<kBlock>(rows[r].taps);
    const Channels<kBlock> second = channels_at<kBlock>(rows[r].taps + tap_step);
    const Channels<kBlock> third = channels_at<kBlock>(rows[r].taps + 2 * tap_step);
    const auto add = [&](int input, const Channels<kBlock>& tap, const Channels<kBlock>& value)
        __attribute__((always_inline)) {
      if (input >= 0 && input % kStride == 0 && input / kStride < kCount)
        sums[input / kStride] += tap * value;
    };
#pragma GCC unroll 32
    for (int i = 0; i < (kCount - 1) * kStride + 3; ++i) {
      const Channels<kBlock> value = channels_at<kBlock>(from + i * kBlock);
      add(i, first, value);
      add(i - 1, second, value);
      add(i - 2, third, value);
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < kCount; ++i) channels_at<kBlock>(out + (o + i) * row.out_step * kBlock) = sums[i];
}

/// Whichever of the two fits the window.
template <int kBlock, int kCount>
RELEVID_INLINED void outputs_inside(const WindowRow& row, const RowTaps* rows, int64_t count,
                                    int64_t tap_step, int64_t o, float* out) {
  const bool is_three = row.kernel == 3 && row.dilation == 1;
  if (is_three && row.stride == 1) {
    some_outputs_of_three<kBlock, kCount, 1>(row, rows, count, tap_step, o, out);
  } else if (is_three && row.stride == 2) {
    some_outputs_of_three<kBlock, kCount, 2>(row, rows, count, tap_step, o, out);
  } else {
    some_outputs<kBlock, kCount>(row, rows, count, tap_step, o, out);
  }
}

/// An output whose window begins before the row or ends behind it. Two sums, as one waits for itself.
template <int kBlock>
RELEVID_INLINED void border_output(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                                   int64_t o, float* out) {
  const int64_t first = o * row.stride - row.pad;
  const int64_t begin = first < 0 ? (-first + row.dilation - 1) / row.dilation : 0;
  const int64_t room = row.in_width - 1 - first;
  const int64_t end = room < 0 ? 0 : std::min(row.kernel, room / row.dilation + 1);
  const auto add_row = [&](const RowTaps& each, Channels<kBlock>& sum) {
    for (int64_t k = begin; k < end; ++k)
      sum += channels_at<kBlock>(each.taps + k * tap_step) *
             channels_at<kBlock>(each.in + (first + k * row.dilation) * kBlock);
  };
  float* to = out + o * row.out_step * kBlock;
  Channels<kBlock> even = channels_at<kBlock>(to), odd{};
  int64_t r = 0;
  for (; r + 1 < count; r += 2) {
    add_row(rows[r], even);
    add_row(rows[r + 1], odd);
  }
  if (r < count) add_row(rows[r], even);
  channels_at<kBlock>(to) = even + odd;
}

template <int kBlock>
RELEVID_INLINED void outputs(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                             int64_t begin, int64_t end, float* out) {
  for (int64_t o = 0; o < begin; ++o) border_output<kBlock>(row, rows, count, tap_step, o, out);
  int64_t o = begin;
  for (; o + 12 <= end; o += 12) outputs_inside<kBlock, 12>(row, rows, count, tap_step, o, out);
  for (; o + 4 <= end; o += 4) outputs_inside<kBlock, 4>(row, rows, count, tap_step, o, out);
  for (; o + 2 <= end; o += 2) outputs_inside<kBlock, 2>(row, rows, count, tap_step, o, out);
  for (; o < end; ++o) outputs_inside<kBlock, 1>(row, rows, count, tap_step, o, out);
  for (o = std::max(begin, end); o < row.out_width; ++o)
    border_output<kBlock>(row, rows, count, tap_step, o, out);
}

RELEVID_DISPATCHED
void outputs_of_blocks(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                       int64_t begin, int64_t end, float* out) {
  switch (row.block) {
    case 16:
      outputs<16>(row, rows, count, tap_step, begin, end, out);
      break;
    case 8:
      outputs<8>(row, rows, count, tap_step, begin, end, out);
      break;
    default:
      outputs<1>(row, rows, count, tap_step, begin, end, out);
      break;
  }
}

template <int kBlock>
RELEVID_INLINED void multiply_add(const float* a, const float* w, float* to, int64_t count, int64_t a_step,
                                  int64_t to_step) {
  const Channels<kBlock> weights = channels_at<kBlock>(w);
  for (int64_t o = 0; o < count; ++o)
    channels_at<kBlock>(to + o * to_step) += weights * channels_at<kBlock>(a + o * a_step);
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

void window_rows_apply(const WindowRow& row, const RowTaps* rows, int64_t count, int64_t tap_step,
                       float* out) {
  // Outputs that have their first tap inside, and their last.
  const int64_t begin = std::min(row.out_width, outputs_of_tap(row, 0).begin);
  outputs_of_blocks(row, rows, count, tap_step, begin, outputs_of_tap(row, row.kernel - 1).end, out);
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
