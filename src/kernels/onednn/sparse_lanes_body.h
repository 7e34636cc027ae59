// SPDX-License-Identifier: Apache-2.0
// The loops of sparse_lanes.h, for a file that is compiled for one instruction set and defines RELEVID_LANES
// before it includes this. Nothing but loops over plain memory: an inline function of the standard library
// that was compiled here could be the one that the whole program gets, and crash on other processors.

#include "kernels/onednn/sparse_lanes.h"

namespace relevid::kernels::onednn {
namespace {

constexpr int kLanes = RELEVID_LANES;
using Lanes = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

/// Outputs at a time: enough sums to hide the latency of their additions, few enough for registers.
constexpr int kAtOnce = 8;

inline const Lanes& lanes_at(const float* p) {
  return *reinterpret_cast<const Lanes*>(p);
}
inline Lanes& lanes_at(float* p) {
  return *reinterpret_cast<Lanes*>(p);
}

using Quad = float __attribute__((vector_size(16)));

inline float total(const Lanes& v) {
  Quad sum = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#if RELEVID_LANES == 16
  sum += __builtin_shufflevector(v, v, 8, 9, 10, 11) + __builtin_shufflevector(v, v, 12, 13, 14, 15);
#endif
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/// Few sums are kept in two halves each, so that one does not wait for itself.
template <int kCount>
void some_dots(const float* w, const Window& window, const float* x, int64_t width, const WantedSum* wanted,
               float* y) {
  constexpr int kHalves = kCount <= kAtOnce / 2 ? 2 : 1;
  Lanes sums[kHalves][kCount] = {};
  for (int64_t s = 0; s < window.count; ++s) {
    const float* from[kCount];
#pragma GCC unroll 8
    for (int i = 0; i < kCount; ++i) from[i] = x + wanted[i].window * width + window.stretches[s];
    int64_t k = 0;
    for (; k + kHalves * kLanes <= window.length; k += kHalves * kLanes) {
#pragma GCC unroll 2
      for (int half = 0; half < kHalves; ++half) {
        const Lanes weights = lanes_at(w + k + half * kLanes);
#pragma GCC unroll 8
        for (int i = 0; i < kCount; ++i) sums[half][i] += weights * lanes_at(from[i] + k + half * kLanes);
      }
    }
    if (k < window.length) {  // one vector is left
      const Lanes weights = lanes_at(w + k);
#pragma GCC unroll 8
      for (int i = 0; i < kCount; ++i) sums[0][i] += weights * lanes_at(from[i] + k);
    }
    w += window.length;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kCount; ++i)
    y[wanted[i].target] += total(sums[0][i] + (kHalves > 1 ? sums[kHalves - 1][i] : Lanes{}));
}

void dots(const float* w, const Window& window, const float* x, int64_t width, const WantedSum* wanted,
          int64_t count, float* y) {
  for (; count >= kAtOnce; count -= kAtOnce, wanted += kAtOnce)
    some_dots<kAtOnce>(w, window, x, width, wanted, y);
  switch (count) {
    case 7:
      return some_dots<7>(w, window, x, width, wanted, y);
    case 6:
      return some_dots<6>(w, window, x, width, wanted, y);
    case 5:
      return some_dots<5>(w, window, x, width, wanted, y);
    case 4:
      return some_dots<4>(w, window, x, width, wanted, y);
    case 3:
      return some_dots<3>(w, window, x, width, wanted, y);
    case 2:
      return some_dots<2>(w, window, x, width, wanted, y);
    case 1:
      return some_dots<1>(w, window, x, width, wanted, y);
    default:
      return;
  }
}

template <int kVectors>
void add_rows_of(const float* rows, const Scaled* scaled, const int32_t* starts, int64_t positions,
                 float* sums, int64_t step) {
  for (int64_t p = 0; p < positions; ++p, sums += step) {
    const Scaled *at = scaled + starts[p], *const end = scaled + starts[p + 1];
    if (at == end) continue;
    Lanes sum[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[v] = lanes_at(sums + v * kLanes);
    for (; at != end; ++at) {
      const float* row = rows + int64_t{at->row} * kVectors * kLanes;
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[v] += at->value * lanes_at(row + v * kLanes);
    }
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) lanes_at(sums + v * kLanes) = sum[v];
  }
}

void add_rows(const float* rows, int64_t vectors, const Scaled* scaled, const int32_t* starts,
              int64_t positions, float* sums, int64_t step) {
  switch (vectors) {
    case 1:
      return add_rows_of<1>(rows, scaled, starts, positions, sums, step);
    case 2:
      return add_rows_of<2>(rows, scaled, starts, positions, sums, step);
    case 3:
      return add_rows_of<3>(rows, scaled, starts, positions, sums, step);
    default:
      return add_rows_of<4>(rows, scaled, starts, positions, sums, step);
  }
}

}  // namespace
}  // namespace relevid::kernels::onednn
