// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/reductions.h"

#include "kernels/onednn/dispatch.h"

namespace relevid::kernels::onednn {
namespace {

/// Floats in one loop and doubles in another, so many at a time: a loop of both runs value by value.
constexpr int64_t kAtOnce = 256;

RELEVID_INLINED double sum_of(const float* x, int64_t count) {
  double result = 0;
#pragma omp simd reduction(+ : result)
  for (int64_t i = 0; i < count; ++i) result += static_cast<double>(x[i]);
  return result;
}

/// r / (z + ε sgn z), 0 where z is; and what of r it loses.
struct Quotient {
  float kept, lost;
};
RELEVID_INLINED Quotient quotient(float r, float z, float epsilon) {
  const float stabiliser = z >= 0 ? epsilon : -epsilon;
  const float q = r / (z + stabiliser);
  const bool is_zero = z == 0;
  const float kept = (static_cast<int>(r == 0) | static_cast<int>(is_zero)) != 0 ? 0.0F : q;
  return {kept, is_zero ? r : stabiliser * kept};
}

}  // namespace

RELEVID_DISPATCHED
double sum(const float* x, int64_t count) {
  return sum_of(x, count);
}

RELEVID_DISPATCHED
double absolute_sum(const float* x, int64_t count) {
  double result = 0;
#pragma omp simd reduction(+ : result)
  for (int64_t i = 0; i < count; ++i) result += static_cast<double>(x[i] < 0 ? -x[i] : x[i]);
  return result;
}

RELEVID_DISPATCHED
double scale(const float* __restrict a, float* __restrict into, int64_t count) {
  double result = 0;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const int64_t here = count - begin < kAtOnce ? count - begin : kAtOnce;
#pragma omp simd
    for (int64_t i = 0; i < here; ++i) into[begin + i] *= a[begin + i];
    result += sum_of(into + begin, here);
  }
  return result;
}

RELEVID_DISPATCHED
double divide(const float* __restrict r, float epsilon, float* __restrict z, int64_t count) {
  float lost[kAtOnce];
  double absorbed = 0;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const int64_t here = count - begin < kAtOnce ? count - begin : kAtOnce;
    const float* from = r + begin;
    float* to = z + begin;
#pragma omp simd
    for (int64_t i = 0; i < here; ++i) {
      const Quotient q = quotient(from[i], to[i], epsilon);
      to[i] = q.kept;
      lost[i] = q.lost;
    }
    absorbed += sum_of(lost, here);
  }
  return absorbed;
}

RELEVID_DISPATCHED
double divide_signed(const SignedDivision& of, int64_t first, int64_t count) {
  float lost[kAtOnce];
  double absorbed = 0;
  for (int64_t begin = first; begin < first + count; begin += kAtOnce) {
    const int64_t here = first + count - begin < kAtOnce ? first + count - begin : kAtOnce;
    const float* __restrict r = of.r + begin, * __restrict y = of.y + begin, * __restrict m = of.m + begin;
    float* __restrict q = of.q + begin, * __restrict q_signed = of.q_signed + begin;
#pragma omp simd
    for (int64_t i = 0; i < here; ++i) {
      const float sign = y[i] > 0 ? 1.0F : y[i] < 0 ? -1.0F : 0.0F;
      const Quotient found = quotient(r[i], y[i] + of.coefficient * sign * m[i], of.epsilon);
      q[i] = found.kept;
      q_signed[i] = sign * found.kept;
      lost[i] = found.lost;
    }
    absorbed += sum_of(lost, here);
  }
  return absorbed;
}

RELEVID_DISPATCHED
double scale_signed(const float* __restrict x, const float* __restrict b, float coefficient,
                    float* __restrict a, int64_t count) {
  double result = 0;
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const int64_t here = count - begin < kAtOnce ? count - begin : kAtOnce;
#pragma omp simd
    for (int64_t i = begin; i < begin + here; ++i) {
      const float magnitude = x[i] < 0 ? -x[i] : x[i];
      a[i] = x[i] * a[i] + coefficient * magnitude * b[i];
    }
    result += sum_of(a + begin, here);
  }
  return result;
}

RELEVID_DISPATCHED
SharedTotals share(const SummandShares& shares, int64_t first, int64_t count) {
  float lost[kAtOnce];
  SharedTotals totals{};
  for (int64_t begin = first; begin < first + count; begin += kAtOnce) {
    const int64_t here = first + count - begin < kAtOnce ? first + count - begin : kAtOnce;
    const float* __restrict r = shares.r + begin, * __restrict a = shares.a + begin, * __restrict b = shares.b + begin;
    float* __restrict to_a = shares.to_a + begin, * __restrict to_b = shares.to_b + begin;
#pragma omp simd
    for (int64_t i = 0; i < here; ++i) {
      const float signed_b = shares.sign_b * b[i], y = a[i] + signed_b;
      const Quotient q = quotient(r[i], y, shares.epsilon);
      to_a[i] = a[i] * q.kept;
      to_b[i] = signed_b * q.kept;
      lost[i] = q.lost;
    }
    totals.to_a += sum_of(to_a, here);
    totals.to_b += sum_of(to_b, here);
    totals.absorbed += sum_of(lost, here);
  }
  return totals;
}

}  // namespace relevid::kernels::onednn
