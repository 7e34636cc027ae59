// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "network/network.h"

namespace relevid {

/// Gradient of Σ start · output by each input, or its guided or deconvnet variant. `trace` from a forward
/// pass with Keep::kGradient. Where max pooling has a tie, the first winner takes the gradient.
std::vector<kernels::Buffer> gradient(Network& network, const Trace& trace, const kernels::Buffer& start,
                                      kernels::GradientMode mode);

/// Gradient of Σ start · output by one value of the graph, as far back as that alone; zeros where the output
/// does not depend on it.
kernels::Buffer gradient_at(Network& network, const Trace& trace, const kernels::Buffer& start,
                            graph::ValueId value);

using TakeGradient = std::function<void(size_t step, kernels::ParameterGradient gradient)>;

/// Gradients of Σ start · output by the parameters of every step that is `trained` (by index; Convolution,
/// Dense and BatchNorm), handed over from the last layer to the first. `trace` from a forward pass with
/// Keep::kTraining. Goes back no further than parameters need.
void parameter_gradients(Network& network, const Trace& trace, const kernels::Buffer& start,
                         std::span<const char> trained, const TakeGradient& take);

}  // namespace relevid
