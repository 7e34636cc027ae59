// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "graph/model.h"

namespace relevid::graph {

/// The same network with nothing learnt: weights of Conv, ConvTranspose, Gemm and MatMul are drawn anew (He
/// et al. 2015, uniform with variance 2 / fan_in), their biases are zero, and batch norm is the identity. The
/// same on every machine for the same seed. Error(kUnsupportedModel) where no weights are found.
Model with_random_weights(const Model& model, uint64_t seed);

}  // namespace relevid::graph
