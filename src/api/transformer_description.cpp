// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/model_implementation.h"
#include "explain/token_grid.h"
#include "graph/operator_traits.h"
#include "kernels/devices.h"
#include "relevid/model.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;

/// The convolution that a TokenGrid begins at; null where there is none.
const graph::Node* patch_embedding(const graph::Graph& graph) {
  const auto reads_input = graph::only_input(graph);
  const auto found = std::ranges::find_if(graph.nodes, [&](const graph::Node& node) {
    return std::holds_alternative<graph::Convolution>(node.op) && reads_input[at(node.inputs[0])] != 0;
  });
  return found == graph.nodes.end() ? nullptr : &*found;
}

/// The width of the layer that what `value` is moved to goes into; 0 where it goes elsewhere.
int64_t next_width(const graph::Graph& graph, ValueId value) {
  for (const graph::Node& node : graph.nodes) {
    if (std::ranges::find(node.inputs, value) == node.inputs.end()) continue;
    if (const auto* dense = std::get_if<graph::Dense>(&node.op)) return dense->weight->shape()[1];
    const bool moves = traits(node.op).values == graph::Values::kMoved;
    if (moves || std::holds_alternative<graph::Add>(node.op))
      value = node.output;  // MViT v2 adds its queries
  }
  return 0;
}

TransformerDescription::Attention describe(const graph::Graph& graph, const graph::Node& node) {
  const Shape &queries = graph.shape(node.inputs[0]), &values = graph.shape(node.inputs[2]);
  const int64_t width = next_width(graph, node.output), size = values[2];
  return {1, width % size == 0 ? width / size : 0, queries[1], values[1]};
}

}  // namespace

std::optional<TransformerDescription> describe_transformer(const Model& model, const Shape& clip_shape) {
  const graph::Graph graph = graph_for(model, clip_shape);
  const graph::Node* patches = patch_embedding(graph);
  if (!patches) return std::nullopt;
  TransformerDescription result;
  const auto library = kernels::make_library("reference", {});
  const TokenGrid grid(graph, *library, {patches->output});
  if (grid.shape().rank() != 4) return std::nullopt;
  const auto& strides = std::get<graph::Convolution>(patches->op).window.strides;
  const size_t first = 3 - strides.size();  // time, of a convolution that sees frames one by one
  result.tubelet = {1, 1, 1};
  for (size_t i = 0; i < strides.size(); ++i) result.tubelet[first + i] = strides[i];
  for (size_t i = 0; i < 3; ++i) result.tokens[i] = grid.shape()[static_cast<int64_t>(i) + 1];
  const int64_t places = result.tokens[1] * result.tokens[2], all = result.tokens[0] * places;
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Attention>(node.op)) continue;
    const auto found = describe(graph, node);
    if (result.attentions.empty()) {
      for (const int64_t tokens : {all, places}) {
        const int64_t more = found.keys - tokens;
        if (more > 0 && more < 5) result.class_tokens = more;
      }
    }
    const auto same = std::ranges::find_if(result.attentions, [&](const auto& a) {
      return a.heads == found.heads && a.queries == found.queries && a.keys == found.keys;
    });
    if (same == result.attentions.end())
      result.attentions.push_back(found);
    else
      ++same->layers;
  }
  if (result.attentions.empty()) return std::nullopt;
  return result;
}

}  // namespace relevid
