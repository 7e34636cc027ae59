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
  double absorbed = 0;
#pragma omp simd reduction(+ : absorbed)
  for (int64_t i = 0; i < count; ++i) {
    const float stabiliser = z[i] >= 0 ? epsilon : -epsilon;
    const float denominator = z[i] + stabiliser;
    const float q = r[i] / denominator;
    z[i] = r[i] == 0 || denominator == 0 ? 0.0F : q;
    absorbed += static_cast<double>(denominator == 0 ? r[i] : stabiliser * z[i]);
  }
  return absorbed;
}

}  // namespace relevid::kernels::onednn
