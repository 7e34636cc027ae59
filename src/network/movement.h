// SPDX-License-Identifier: Apache-2.0
// Operators that move values, forward and back. An operator whose row says that it moves values needs both
// here.
#pragma once

#include <vector>

#include "base/overloaded.h"
#include "graph/operator_traits.h"
#include "kernels/kernels.h"

namespace relevid {

template <class Op>
concept Moves = graph::kTraits<Op>
.values == graph::Values::kMoved;
template <class Op>
concept MovesOneInput = Moves<Op> && !OneOf<Op, graph::Concat>;

/// y of `shape`.
kernels::Buffer move_forward(kernels::Library& library, const graph::Slice& op, const kernels::Buffer& x,
                             const Shape& shape);
kernels::Buffer move_forward(kernels::Library& library, const graph::Pad& op, const kernels::Buffer& x,
                             const Shape& shape);
kernels::Buffer move_forward(kernels::Library& library, const graph::Reshape& op, const kernels::Buffer& x,
                             const Shape& shape);
kernels::Buffer move_forward(kernels::Library& library, const graph::Transpose& op, const kernels::Buffer& x,
                             const Shape& shape);

/// A gradient or relevance of y, moved back to x of `shape`.
kernels::Buffer move_back(kernels::Library& library, const graph::Slice& op, const kernels::Buffer& r,
                          const Shape& shape);
kernels::Buffer move_back(kernels::Library& library, const graph::Pad& op, const kernels::Buffer& r,
                          const Shape& shape);
kernels::Buffer move_back(kernels::Library& library, const graph::Reshape& op, const kernels::Buffer& r,
                          const Shape& shape);
kernels::Buffer move_back(kernels::Library& library, const graph::Transpose& op, const kernels::Buffer& r,
                          const Shape& shape);
/// One buffer for every shape of the inputs.
std::vector<kernels::Buffer> move_back(kernels::Library& library, const graph::Concat& op,
                                       const kernels::Buffer& r, const std::vector<Shape>& shapes);

}  // namespace relevid
