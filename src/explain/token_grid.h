// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "graph/graph.h"
#include "kernels/kernels.h"
#include "relevid/tensor.h"

namespace relevid {

/// Note [Relevance of position]
/// A constant that is added to tokens, a position embedding p, takes p R / s(x + p) of their relevance
/// (Bakish et al. 2025, arXiv 2506.02138: what ends in positions belongs to the explanation, and is lost
/// otherwise). Which patch of the clip a token stands for is seen from the way between the patch embedding
/// and the sum: places are moved along it. So it does not matter how an exporter lays tokens out, nor where
/// it puts class tokens, which stand for none.

/// The patches of a clip as a network's first convolution has them, and where their tokens lie in later
/// values.
class TokenGrid {
 public:
  /// `wanted`: the values whose places are asked for; `library` moves them. Empty where the network has no
  /// convolution that reads the clip.
  TokenGrid(const graph::Graph& graph, kernels::Library& library, const std::vector<graph::ValueId>& wanted);

  /// [clips, T', H', W'].
  const Shape& shape() const { return shape_; }
  /// By element of a value the patch that it stands for, as an index into shape(), or -1; null where the
  /// value is not made of patches by movement and element-wise operations alone.
  const std::vector<int64_t>* places(graph::ValueId value) const;

 private:
  Shape shape_;
  std::map<graph::ValueId, std::vector<int64_t>> places_;
};

}  // namespace relevid
