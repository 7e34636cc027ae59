// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph/graph.h"
#include "kernels/kernels.h"

namespace relevid::bench {

/// Explains windows that slide over a video of noise by `shift` frames of the clip, forwards, where each
/// takes over what it shares with the one before, and backwards, where none does. Throws Error where the two
/// differ by more than 1e-5 of the largest; prints both times.
void time_sliding(const graph::Graph& graph, kernels::Library& library, int64_t shift, int rounds);

}  // namespace relevid::bench
