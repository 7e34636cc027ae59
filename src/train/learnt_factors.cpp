// SPDX-License-Identifier: Apache-2.0
#include "train/learnt_factors.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/overloaded.h"
#include "graph/expression.h"

namespace relevid::train {
namespace {

using graph::Affine;
using graph::Node;
using graph::Standardise;
using graph::ValueId;

/// In full size, so that each channel can learn its own.
graph::TensorRef filled_like(const graph::TensorRef& like, float value) {
  Tensor tensor(like->shape(), DType::kF32);
  std::ranges::fill(tensor.values<float>(), value);
  return graph::share(std::move(tensor));
}

/// Values from which a softmax is computed by sums and movements alone.
std::set<ValueId> scores(const graph::Graph& graph) {
  std::set<ValueId> result;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool leads_there = std::visit(
        Overloaded{[](const graph::Softmax&) { return true; },
                   [&](const OneOf<graph::Add, Affine, graph::Reshape, graph::Transpose, graph::Slice,
                                   graph::Concat, graph::Pad> auto&) { return result.contains(node.output); },
                   [](const auto&) { return false; }},
        node.op);
    if (leads_there) result.insert(node.inputs.begin(), node.inputs.end());
  }
  return result;
}

/// Something is added at each place. One number a channel is a normalisation of the input, or a frozen batch
/// norm's.
bool adds_at_places(const Affine& affine) {
  return graph::single_number(*affine.scale) == 1.0 &&
         std::ranges::count_if(affine.shift->shape().dims(), [](int64_t size) { return size > 1; }) > 1;
}

/// Takes factors and shifts out of the norm, into the node that follows it.
Node take_factors(graph::Graph& graph, Node& norm) {
  auto& op = std::get<Standardise>(norm.op);
  const auto between = static_cast<ValueId>(graph.values.size());
  graph.values.push_back({norm.name + ".standardised", graph.shape(norm.output)});
  Affine factors{op.scale ? op.scale : filled_like(op.shift, 1),
                 op.shift ? op.shift : filled_like(op.scale, 0),
                 op.scale ? Affine::Learns::kBoth : Affine::Learns::kShift};
  op.scale = op.shift = nullptr;
  return {std::move(factors), norm.name, {between}, std::exchange(norm.output, between)};
}

}  // namespace

void expose_factors(graph::Graph& graph) {
  const std::set<ValueId> of_softmax = scores(graph);
  std::vector<Node> nodes;
  for (Node& node : std::exchange(graph.nodes, {})) {
    auto* affine = std::get_if<Affine>(&node.op);
    if (affine && adds_at_places(*affine) && !of_softmax.contains(node.output))
      affine->learns = Affine::Learns::kShift;
    const auto* norm = std::get_if<Standardise>(&node.op);
    const bool has_factors = norm && (norm->scale || norm->shift);
    if (has_factors) {
      Node factors = take_factors(graph, node);
      nodes.push_back(std::move(node));
      nodes.push_back(std::move(factors));
    } else {
      nodes.push_back(std::move(node));
    }
  }
  graph.nodes = std::move(nodes);
}

}  // namespace relevid::train
