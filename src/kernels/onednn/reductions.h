// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace relevid::kernels::onednn {

/// Σ x and Σ |x|, in double.
double sum(const float* x, int64_t count);
double absolute_sum(const float* x, int64_t count);
/// z = r / (z + ε sgn z), with sgn 0 = +1 and 0 wherever r is. Returns Σ ε sgn(z) q, in double.
double divide(const float* r, float epsilon, float* z, int64_t count);

}  // namespace relevid::kernels::onednn
