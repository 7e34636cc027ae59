// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/network.h"
#include "relevid/tensor.h"

namespace relevid::bench {

/// Prints, for every step of a network prepared for explanations, the median times of its forward, of W⁺x and
/// of W⁺ᵀs, and which share of each the machine could not do without: its arithmetic, or reading and writing
/// every operand once, at the speeds measured beforehand.
void print_layers(Network& network, const Tensor& clip, int rounds);

}  // namespace relevid::bench
