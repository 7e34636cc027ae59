// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/dense_rows.h"

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

/// Several sums side by side, because one would wait for itself at every step.
template <int kRows, class F>
RELEVID_INLINED void dots(const float* const* w, const float* x, int64_t count, float* to, F f) {
  constexpr int64_t kSums = 32;
  float sums[kRows][kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (int row = 0; row < kRows; ++row) {
#pragma omp simd
      for (int64_t k = 0; k < kSums; ++k) sums[row][k] += f(w[row][i + k]) * x[i + k];
    }
  }
  for (int row = 0; row < kRows; ++row) {
    to[row] = 0;
    for (int64_t k = i; k < count; ++k) to[row] += f(w[row][k]) * x[k];
    for (const float sum : sums[row]) to[row] += sum;
  }
}

template <class F>
RELEVID_INLINED void add(float s, const float* w, float* __restrict to, int64_t count, F f) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] += s * f(w[i]);
}

/// Calls `loop` with the transform as a function of one weight, so that each kind has a loop of its own.
template <class Loop>
RELEVID_INLINED auto with_function(WeightTransform transform, Loop loop) {
  using Kind = WeightTransform::Kind;
  switch (transform.kind) {
    case Kind::kPositive:
      return loop([](float w) { return w > 0 ? w : 0.0F; });
    case Kind::kNegative:
      return loop([](float w) { return w < 0 ? w : 0.0F; });
    case Kind::kSquare:
      return loop([](float w) { return w * w; });
    case Kind::kOnes:
      return loop([](float) { return 1.0F; });
    case Kind::kAbsolute:
      return loop([](float w) { return w < 0 ? -w : w; });
    case Kind::kAsIs:
      break;
  }
  return loop([](float w) { return w; });
}

}  // namespace

RELEVID_DISPATCHED
void transformed_dots(WeightTransform f, const float* const* w, const float* x, int64_t count, float* to) {
  with_function(
      f, [&](auto g) __attribute__((always_inline)) { dots<kRowsAtOnce>(w, x, count, to, g); });
}

RELEVID_DISPATCHED
float transformed_dot(WeightTransform f, const float* w, const float* x, int64_t count) {
  float result = 0;
  with_function(
      f, [&](auto g) __attribute__((always_inline)) { dots<1>(&w, x, count, &result, g); });
  return result;
}

RELEVID_DISPATCHED
double dot(const float* x, const float* y, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(y[i]);
  return sum;
}

RELEVID_DISPATCHED
void transformed_row(WeightTransform f, const float* w, float* to, int64_t count) {
  with_function(
      f, [&](auto g) __attribute__((always_inline)) {
        for (int64_t i = 0; i < count; ++i) to[i] = g(w[i]);
      });
}

RELEVID_DISPATCHED
void transformed_add(WeightTransform f, float s, const float* w, float* to, int64_t count) {
  with_function(
      f, [&](auto g) __attribute__((always_inline)) { add(s, w, to, count, g); });
}

}  // namespace relevid::kernels::onednn
