// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "network/network.h"

namespace relevid {

/// Note [LibraGrad]
/// How a gradient passes what is not linear or nearly so (Mehri et al. 2024, arXiv 2411.16760, sections 4 and
/// 5): kLibra prunes and scales the ways back, so that input times gradient adds up to the output, less what
/// biases give.
/// - attention: the weights count as constants; so do the deviation of a norm and the gate of a product;
/// - activations: f(x)/x in place of f'(x); products of two branches: half to each.
enum class BackwardPaths { kAll, kLibra };

/// Gradient of Σ start · output by each input, or its guided or deconvnet variant. `trace` from a forward
/// pass with Keep::kGradient. Where max pooling has a tie, the first winner takes the gradient.
std::vector<kernels::Buffer> gradient(Network& network, const Trace& trace, const kernels::Buffer& start,
                                      kernels::GradientMode mode, BackwardPaths paths = BackwardPaths::kAll);

/// Gradient of Σ start · output by one value of the graph, as far back as that alone; zeros where the output
/// does not depend on it.
kernels::Buffer gradient_at(Network& network, const Trace& trace, const kernels::Buffer& start,
                            graph::ValueId value);

/// The same by several values, in their order.
std::vector<kernels::Buffer> gradients_at(Network& network, const Trace& trace, const kernels::Buffer& start,
                                          std::span<const graph::ValueId> values);

using TakeGradient = std::function<void(size_t step, kernels::ParameterGradient gradient)>;

/// Gradients of Σ start · output by the parameters of every step that the network trains (Convolution, Dense,
/// BatchNorm and Affine), handed over from the last layer to the first. `trace` from a forward pass with
/// Keep::kTraining. Goes back no further than parameters need.
void parameter_gradients(Network& network, const Trace& trace, const kernels::Buffer& start,
                         const TakeGradient& take);

}  // namespace relevid
