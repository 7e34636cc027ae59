// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "network/network.h"

namespace relevid {

/// Gradient of Σ start · output by each input, or its guided or deconvnet variant. `trace` from a forward
/// pass with Keep::kGradient. Where max pooling has a tie, the first winner takes the gradient.
std::vector<kernels::Buffer> gradient(Network& network, const Trace& trace, const kernels::Buffer& start,
                                      kernels::GradientMode mode);

}  // namespace relevid
