// SPDX-License-Identifier: Apache-2.0
// What every backward pass shares, of gradients and of relevance.
#pragma once

#include <optional>
#include <vector>

#include "network/network.h"

namespace relevid {

/// Moves a gradient or relevance back through a node that only moves values (Reshape, Transpose, Slice, Pad,
/// Concat): one buffer per input. Nothing where the node is not such a one.
std::optional<std::vector<kernels::Buffer>> move_back(const Network& network, const graph::Node& node,
                                                      const kernels::Buffer& r);

/// sum += more; in place where `sum` is the only handle to its storage, so that whoever shares it keeps what
/// it had.
void add_to(kernels::Library& library, kernels::Buffer& sum, const kernels::Buffer& more);
/// into[value] += r, or = r where there is nothing yet.
void accumulate_at(kernels::Library& library, std::vector<kernels::Buffer>& into, graph::ValueId value,
                   kernels::Buffer r);

}  // namespace relevid
