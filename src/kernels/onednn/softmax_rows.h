// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace relevid::kernels::onednn {

/// The scores of some queries: rows of keys, with what is added to each.
struct ScoreRows {
  float* scores;  ///< q k on the way in
  int64_t rows, keys;
  float scale;
  std::span<const float* const> biases;  ///< each a row of keys for every row
};
/// scores = exp(scale scores + bias - their largest), row by row; to sums the row sums, by which they are
/// still to be divided.
void exponentials(const ScoreRows& of, float* sums);

/// Of a row of `count`: p = p factor (g - mean), with mean = Σ p factor g over the row: the gradient of a
/// softmax whose value is p factor.
void softmax_gradient(float* p, float factor, const float* g, int64_t count);
/// p = max(p factor g, 0).
void positive_products(float* p, float factor, const float* g, int64_t count);

}  // namespace relevid::kernels::onednn
