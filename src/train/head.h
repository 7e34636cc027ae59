// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace relevid::train {

/// Gives a graph an output of `classes` where it has another number: the last layer with weights gets new
/// ones (He et al. 2015, uniform; bias 0) from `seed`. Returns whether it did. Throws
/// Error(kUnsupportedModel) where that layer's channels do not reach the output as they are (a reshape that
/// mixes them, a sum of branches).
bool fit_head(graph::Graph& graph, int64_t classes, uint64_t seed);

}  // namespace relevid::train
