// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/graph.h"

namespace relevid::train {

/// Makes Affine nodes that learn of what a graph learns outside of its layers with weights: factors and
/// shifts of layer, instance, group and RMS norms, which become a node behind the norm, with its name; and
/// what is added to every clip at several places, such as position embeddings and class tokens. What is added
/// to attention scores stays a constant.
void expose_factors(graph::Graph& graph);

}  // namespace relevid::train
