// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace relevid {

/// Bytes of the activations that a forward pass of inference holds at once, at the most, in float32: each
/// from where it is computed to where it is read last, the inputs to the end. Without the weights and what
/// kernels take for themselves.
int64_t activation_bytes(const graph::Graph& graph);

/// How many of `wanted` clips may go through a network together where its activations shall take no more than
/// `limit_bytes`; one at the least. `graph` is the network for one clip.
int64_t fitting_batch(const graph::Graph& graph, int64_t wanted, int64_t limit_bytes);

}  // namespace relevid
