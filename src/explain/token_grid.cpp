// SPDX-License-Identifier: Apache-2.0
#include "explain/token_grid.h"

#include <algorithm>

#include "graph/operator_traits.h"
#include "network/movement.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;
using kernels::Buffer;

/// The first layer that cuts the clip into patches; null where none does.
const graph::Node* patch_embedding(const graph::Graph& graph) {
  const auto reads_input = graph::only_input(graph);
  for (const graph::Node& node : graph.nodes) {
    if (std::holds_alternative<graph::Convolution>(node.op) && reads_input[at(node.inputs[0])] != 0)
      return &node;
  }
  return nullptr;
}

/// Moves places of patches forward, as numbers from 1 on; 0 is none.
class Places {
 public:
  Places(const graph::Graph& graph, kernels::Library& library)
      : graph_(graph), library_(library), of_(graph.values.size()) {}

  Buffer& operator[](ValueId value) { return of_[at(value)]; }

  void follow(const graph::Node& node) {
    const bool known =
        std::ranges::any_of(node.inputs, [&](ValueId v) { return static_cast<bool>(of_[at(v)]); });
    if (known) of_[at(node.output)] = std::visit([&](const auto& op) { return after(op, node); }, node.op);
  }

 private:
  template <MovesOneInput Op>
  Buffer after(const Op& op, const graph::Node& node) {
    return move_forward(library_, op, of_[at(node.inputs[0])], graph_.shape(node.output));
  }
  Buffer after(const graph::Pad& op, const graph::Node& node) {
    graph::Pad with_none = op;
    with_none.value = 0;
    return move_forward(library_, with_none, of_[at(node.inputs[0])], graph_.shape(node.output));
  }
  Buffer after(const graph::Concat& op, const graph::Node& node) {
    std::vector<Buffer> parts;
    for (const ValueId input : node.inputs)
      parts.push_back(of_[at(input)] ? of_[at(input)] : library_.filled(graph_.shape(input), 0));
    return library_.concat(parts, op.axis);
  }
  /// One input, element by element: the places stay. Others mix tokens.
  template <class Op>
  Buffer after(const Op&, const graph::Node& node) {
    const bool keeps =
        node.inputs.size() == 1 && graph_.shape(node.inputs[0]) == graph_.shape(node.output) &&
        (graph::kTraits<Op>.has(graph::kElementwise) || OneOf<Op, graph::Standardise, graph::Dropout>);
    return keeps ? of_[at(node.inputs[0])] : Buffer{};
  }

  const graph::Graph& graph_;
  kernels::Library& library_;
  std::vector<Buffer> of_;
};

}  // namespace

TokenGrid::TokenGrid(const graph::Graph& graph, kernels::Library& library,
                     const std::vector<ValueId>& wanted) {
  const graph::Node* embedding = patch_embedding(graph);
  if (!embedding || wanted.empty()) return;
  const Shape& patches = graph.shape(embedding->output);
  const int64_t clips = graph.shape(graph.output)[0], rank = patches.rank();
  const int64_t rows = patches[rank - 2], columns = patches[rank - 1];
  if (patches[0] % clips != 0) return;
  shape_ = Shape{clips, patches[0] / clips * (rank == 5 ? patches[2] : 1), rows, columns};

  const int64_t channels = patches[1], inner = patches.elements() / (patches[0] * channels);
  std::vector<double> numbers(static_cast<size_t>(patches.elements()));
  for (int64_t i = 0; i < patches.elements(); ++i)
    numbers[static_cast<size_t>(i)] = static_cast<double>(i / (channels * inner) * inner + i % inner + 1);
  Places places(graph, library);
  places[embedding->output] = library.upload(Tensor::from(patches, numbers));
  for (const graph::Node& node : graph.nodes) {
    if (&node > embedding) places.follow(node);
  }
  for (const ValueId value : wanted) {
    if (!places[value]) continue;
    std::vector<int64_t>& found = places_[value];
    for (const double number : library.download(places[value]).as_doubles())
      found.push_back(static_cast<int64_t>(number) - 1);
  }
}

const std::vector<int64_t>* TokenGrid::places(ValueId value) const {
  const auto found = places_.find(value);
  return found == places_.end() ? nullptr : &found->second;
}

}  // namespace relevid
