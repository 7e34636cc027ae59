// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/softmax_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

/// e^x for x ≤ 0, to the last bit but one; 0 below -87. In the form that compilers make vectors of: 2^n times
/// a polynomial of the rest, |rest| ≤ ln 2 / 2, with the coefficients of its Taylor series bent to that
/// interval.
RELEVID_INLINED float exponential(float x) {
  constexpr float kLeast = -87.0F, kLog2E = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  const float inside = x < kLeast ? kLeast : x;
  const float n = std::floor(inside * kLog2E + 0.5F);
  const float rest = (inside - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500e-4F;
  p = p * rest + 1.3981999507e-3F;
  p = p * rest + 8.3334519073e-3F;
  p = p * rest + 4.1665795894e-2F;
  p = p * rest + 1.6666665459e-1F;
  p = p * rest + 5.0000001201e-1F;
  p = p * rest * rest + rest + 1.0F;
  const float power = std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
  return x < kLeast ? 0.0F : p * power;
}

RELEVID_INLINED float largest(const float* x, int64_t count) {
  float result = -std::numeric_limits<float>::infinity();
#pragma omp simd reduction(max : result)
  for (int64_t i = 0; i < count; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

RELEVID_INLINED float exponentials_of_row(float* x, int64_t count) {
  const float top = largest(x, count);
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) {
    x[i] = exponential(x[i] - top);
    sum += x[i];
  }
  return sum;
}

RELEVID_INLINED void scale_row(float* x, float scale, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) x[i] *= scale;
}
RELEVID_INLINED void add_row(float* x, const float* y, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) x[i] += y[i];
}

}  // namespace

RELEVID_DISPATCHED
void exponentials(const ScoreRows& of, float* sums) {
  for (int64_t row = 0; row < of.rows; ++row) {
    float* scores = of.scores + row * of.keys;
    scale_row(scores, of.scale, of.keys);
    for (const float* bias : of.biases) add_row(scores, bias + row * of.keys, of.keys);
    sums[row] = exponentials_of_row(scores, of.keys);
  }
}

RELEVID_DISPATCHED
void softmax_gradient(float* p, float factor, const float* g, int64_t count) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t i = 0; i < count; ++i) mean += p[i] * g[i];
  mean *= factor;
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) p[i] = p[i] * factor * (g[i] - mean);
}

RELEVID_DISPATCHED
void positive_products(float* p, float factor, const float* g, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const float product = p[i] * factor * g[i];
    p[i] = product > 0 ? product : 0.0F;
  }
}

}  // namespace relevid::kernels::onednn
