// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "graph/model.h"

namespace relevid::graph {

/// The same network with nothing learnt: weights of Conv, ConvTranspose, Gemm and MatMul are drawn again (He
/// et al. 2015, uniform with variance 2 / fan_in), their biases are zero, and batch norm is the identity. The
/// same on every machine for the same seed. Error(kUnsupportedModel) where no weights are found.
Model with_random_weights(const Model& model, uint64_t seed);

/// The same for the last `layers` layers with weights alone, from the output down, and what normalises
/// between them: the cascade of Adebayo et al. 2018. What is drawn for a layer does not depend on how many
/// there are.
Model with_random_top(const Model& model, uint64_t seed, int64_t layers);
/// How many layers with weights there are; one whose weights are another's counts once.
int64_t layers_with_weights(const Model& model);

}  // namespace relevid::graph
