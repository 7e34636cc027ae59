// SPDX-License-Identifier: Apache-2.0
#include "explain/layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "graph/operator_traits.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using graph::at;
using graph::ValueId;

bool is_convolution(const graph::Operator& op) {
  return std::holds_alternative<graph::Convolution>(op) ||
         std::holds_alternative<graph::TransposedConvolution>(op);
}

}  // namespace

ValueId layer_value(const Network& network, const std::string& name) {
  const auto steps = network.steps();
  std::vector<std::string> names;
  for (size_t i = steps.size(); i-- > 0;) {  // of nodes that stand for one of the file's the last
    if (steps[i].node->name != name) {
      names.push_back(steps[i].node->name);
      continue;
    }
    // An activation that has been taken into the layer before it is that one's result.
    return steps[i].fusion.runs ? steps[i].fusion.result : steps[i].node->output;
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no layer '{}'{}; relevid inspect lists them", name, did_you_mean(name, names)));
}

ValueId last_spatial_value(const Network& network) {
  const graph::Graph& graph = network.graph();
  const auto has_space = [&](ValueId value) {
    const Shape& shape = graph.shape(value);
    return shape.rank() >= 4 && shape[shape.rank() - 1] * shape[shape.rank() - 2] > 1;
  };
  size_t last = graph.nodes.size();
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (is_convolution(graph.nodes[i].op) && has_space(graph.nodes[i].output)) last = i;
  }
  if (last == graph.nodes.size()) {
    throw Error(ErrorKind::kUnsupportedModel,
                "no convolution of this model has an output with rows and columns, whose map could be taken; "
                "name a layer with --layer");
  }
  std::vector<char> follows(graph.values.size(), 0);
  ValueId value = graph.nodes[last].output;
  follows[at(value)] = 1;
  for (size_t i = last + 1; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    const bool reads =
        std::ranges::any_of(node.inputs, [&](ValueId input) { return follows[at(input)] != 0; });
    if (!reads || !traits(node.op).has(graph::kElementwise) || graph.shape(node.output) != graph.shape(value))
      continue;
    value = node.output;
    follows[at(value)] = 1;
  }
  // Where its writer has no value of its own, because an activation was taken into it, that is the result.
  for (const Step& step : network.steps()) {
    if (step.fusion.runs && step.node->output == value) return step.fusion.result;
  }
  return value;
}

bool FeatureMaps::has_space(const Shape& shape, int64_t items) {
  return (shape.rank() == 5 && shape[0] == items) || (shape.rank() == 4 && shape[0] % items == 0);
}

FeatureMaps FeatureMaps::of(const Shape& shape, int64_t items, const std::string& layer) {
  if (!has_space(shape, items)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("layer '{}' has an output of {}, which has no rows and columns; a convolution, a "
                            "pooling or what follows one has",
                            layer, shape.to_string()));
  }
  FeatureMaps maps;
  maps.channels = shape[1];
  const int64_t plane = shape[shape.rank() - 1] * shape[shape.rank() - 2];
  const int64_t frames = shape.rank() == 5 ? shape[2] : shape[0] / items;
  maps.extent = {frames, shape[shape.rank() - 2], shape[shape.rank() - 1]};
  maps.item_stride = shape.elements() / items;
  maps.channel_stride = shape.rank() == 5 ? frames * plane : plane;
  maps.frame_stride = shape.rank() == 5 ? plane : shape[1] * plane;
  return maps;
}

}  // namespace relevid
