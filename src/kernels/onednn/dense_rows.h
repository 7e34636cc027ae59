// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/specs.h"

namespace relevid::kernels::onednn {

/// to[k] = Σ f(w[k][i]) x[i] for a function f of the weights and four rows of them: memory is read faster
/// along several rows than along one.
inline constexpr int64_t kRowsAtOnce = 4;
void transformed_dots(WeightTransform f, const float* const* w, const float* x, int64_t count, float* to);
/// The same for one row.
float transformed_dot(WeightTransform f, const float* w, const float* x, int64_t count);
/// Σ x y, in double.
double dot(const float* x, const float* y, int64_t count);
/// to[i] = f(w[i])
void transformed_row(WeightTransform f, const float* w, float* to, int64_t count);
/// to[i] += s f(w[i])
void transformed_add(WeightTransform f, float s, const float* w, float* to, int64_t count);

}  // namespace relevid::kernels::onednn
