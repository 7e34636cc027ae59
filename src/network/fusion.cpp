// SPDX-License-Identifier: Apache-2.0
#include "network/fusion.h"

#include "network/network.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;

/// y = conv(x) + r: the convolution adds r itself, where r is there before it and nothing else reads conv(x).
void fuse_residuals(const graph::Graph& graph, std::vector<Fusion>& fusions) {
  const auto readers = graph.readers();
  const auto writers = graph.writers();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& sum = graph.nodes[i];
    const auto* add = std::get_if<graph::Add>(&sum.op);
    if (!add || add->sign != 1) continue;
    const Shape& shape = graph.shape(sum.output);
    for (size_t side = 0; side < 2; ++side) {
      const ValueId from = sum.inputs[side], residual = sum.inputs[1 - side];
      const int writer = writers[at(from)];
      if (writer < 0 || readers[at(from)] != 1 || graph.shape(residual) != shape ||
          graph.shape(from) != shape)
        continue;
      const auto* convolution = std::get_if<graph::Convolution>(&graph.nodes[at(writer)].op);
      Fusion& layer = fusions[at(writer)];
      if (!convolution || layer.residual >= 0 || writers[at(residual)] >= writer) continue;
      if (convolution->groups > 1) continue;
      layer.residual = residual;
      layer.result = sum.output;
      fusions[i].runs = false;
      break;
    }
  }
}

/// An activation that alone reads a linear map's output becomes part of the map. Its slope must follow from
/// its value, because what is before it is never stored.
void fuse_activations(const graph::Graph& graph, std::vector<Fusion>& fusions) {
  const auto readers = graph.readers();
  const auto writers = graph.writers();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    const auto* activation = std::get_if<Activation>(&node.op);
    if (!activation) continue;
    const ValueId input = node.inputs[0];
    if (writers[at(input)] < 0 || readers[at(input)] != 1 || !slope_from_output(*activation)) continue;
    // The step that computes the input: its writer, or a convolution that has taken the addition over.
    for (size_t k = 0; k < fusions.size(); ++k) {
      Fusion& before = fusions[k];
      if (!before.runs || before.result != input) continue;
      const bool has_one_already = before.activation.kind != Activation::Kind::kIdentity;
      if (!linear_spec(graph, graph.nodes[k]) || has_one_already) break;
      before.activation = *activation;
      before.result = node.output;
      fusions[i].runs = false;
      break;
    }
  }
}

}  // namespace

std::vector<Fusion> fuse(const graph::Graph& graph, Residuals residuals) {
  std::vector<Fusion> fusions;
  for (const graph::Node& node : graph.nodes) fusions.push_back({.result = node.output, .activation = {}});
  if (residuals == Residuals::kFused) fuse_residuals(graph, fusions);
  fuse_activations(graph, fusions);
  return fusions;
}

}  // namespace relevid
