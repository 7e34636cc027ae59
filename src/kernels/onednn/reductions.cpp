// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/reductions.h"

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {

RELEVID_DISPATCHED
double sum(const float* x, int64_t count) {
  double result = 0;
#pragma omp simd reduction(+ : result)
  for (int64_t i = 0; i < count; ++i) result += static_cast<double>(x[i]);
  return result;
}

RELEVID_DISPATCHED
double absolute_sum(const float* x, int64_t count) {
  double result = 0;
#pragma omp simd reduction(+ : result)
  for (int64_t i = 0; i < count; ++i) result += static_cast<double>(x[i] < 0 ? -x[i] : x[i]);
  return result;
}

RELEVID_DISPATCHED
double divide(const float* __restrict r, float epsilon, float* __restrict z, int64_t count) {
  // Floats in one loop and doubles in another: a loop of both runs value by value.
  constexpr int64_t kAtOnce = 256;
  float lost[kAtOnce];
  double absorbed = 0;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const int64_t here = count - begin < kAtOnce ? count - begin : kAtOnce;
    const float* from = r + begin;
    float* to = z + begin;
#pragma omp simd
    for (int64_t i = 0; i < here; ++i) {
      const float stabiliser = to[i] >= 0 ? epsilon : -epsilon;
      const float denominator = to[i] + stabiliser;
      const float q = from[i] / denominator;
      const bool is_zero = denominator == 0;
      const float kept = (static_cast<int>(from[i] == 0) | static_cast<int>(is_zero)) != 0 ? 0.0F : q;
      lost[i] = is_zero ? from[i] : stabiliser * kept;
      to[i] = kept;
    }
#pragma omp simd reduction(+ : absorbed)
    for (int64_t i = 0; i < here; ++i) absorbed += static_cast<double>(lost[i]);
  }
  return absorbed;
}

}  // namespace relevid::kernels::onednn
