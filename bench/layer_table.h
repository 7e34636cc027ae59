// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/network.h"
#include "relevid/tensor.h"

namespace relevid::bench {

/// Prints, for every step of a network prepared for explanations, the median times of its forward, of W⁺x and
/// of W⁺ᵀs, with the speed that they amount to.
void print_layers(Network& network, const Tensor& clip, int rounds);

}  // namespace relevid::bench
