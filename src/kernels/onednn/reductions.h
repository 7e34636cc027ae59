// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// Σ x and Σ |x|, in double.
double sum(const float* x, int64_t count);
double absolute_sum(const float* x, int64_t count);
/// into *= a. Returns Σ of the result, in double.
double scale(const float* a, float* into, int64_t count);
/// z = r / (z + ε sgn z), 0 where r or z is. Returns what is absorbed of r, as Library::quotient has it, in
/// double.
double divide(const float* r, float epsilon, float* z, int64_t count);

struct SignedDivision {
  const float *r, *y, *m;
  float coefficient, epsilon;
  float *q, *q_signed;
};
/// Library::signed_quotient, for `count` numbers from `begin` on. Returns what is absorbed, in double.
double divide_signed(const SignedDivision& of, int64_t begin, int64_t count);
/// a = x a + coefficient |x| b. Returns Σ of the result, in double.
double scale_signed(const float* x, const float* b, float coefficient, float* a, int64_t count);

struct SummandShares {
  const float *r, *a, *b;
  float sign_b, epsilon;
  float *to_a, *to_b;
};
struct SharedTotals {
  double to_a, to_b, absorbed;
};
/// Library::share, for `count` numbers from `begin` on. Returns their sums, in double.
SharedTotals share(const SummandShares& shares, int64_t begin, int64_t count);

}  // namespace relevid::kernels::onednn
