// SPDX-License-Identifier: Apache-2.0
// What every backward pass shares, of gradients and of relevance.
#pragma once

#include <vector>

#include "network/movement.h"
#include "network/network.h"

namespace relevid {

/// What came back by a step that moves values, one buffer per input of its node.
template <Moves Op>
std::vector<kernels::Buffer> moved_to_inputs(const Network& network, const graph::Node& node, const Op& op,
                                             const kernels::Buffer& r) {
  std::vector<Shape> shapes;
  for (const graph::ValueId input : node.inputs) shapes.push_back(network.graph().shape(input));
  if constexpr (MovesOneInput<Op>)
    return {move_back(network.library(), op, r, shapes[0])};
  else
    return move_back(network.library(), op, r, shapes);
}

/// sum += more; in place where `sum` is the only handle to its storage, so that whoever shares it keeps what
/// it had.
void add_to(kernels::Library& library, kernels::Buffer& sum, const kernels::Buffer& more);
/// into[value] += r, or = r where there is nothing yet.
void accumulate_at(kernels::Library& library, std::vector<kernels::Buffer>& into, graph::ValueId value,
                   kernels::Buffer r);

}  // namespace relevid
