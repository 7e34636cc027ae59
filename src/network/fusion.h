// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "graph/graph.h"
#include "network/step.h"

namespace relevid {

/// Which residual additions become a part of the convolution before them.
enum class Residuals { kApart, kFused };

/// What every node does of its neighbours' work. Activations always become a part of the linear map before
/// them, where nothing else reads what is between the two.
std::vector<Fusion> fuse(const graph::Graph& graph, Residuals residuals);

}  // namespace relevid
