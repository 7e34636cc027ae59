// SPDX-License-Identifier: Apache-2.0
#include "train/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "graph/operator_traits.h"
#include "relevid/error.h"

namespace relevid::train {
namespace {

using graph::Node;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kUnsupportedModel,
              "no new head can be given to this model: " + why + ". Give as many classes as it has");
}

graph::TensorRef he_weights(const Shape& shape, uint64_t seed) {
  Random random(seed);
  const double bound = std::sqrt(6 / static_cast<double>(shape.elements() / shape[0]));
  Tensor tensor(shape, DType::kF32);
  for (float& value : tensor.values<float>()) value = static_cast<float>(random.uniform(-bound, bound));
  return graph::share(std::move(tensor));
}

/// The one axis of this size, which carries the classes.
int64_t class_axis(const Shape& shape, int64_t classes) {
  int64_t axis = -1;
  for (int64_t i = 1; i < shape.rank(); ++i) {
    if (shape[i] != classes) continue;
    if (axis >= 0) refuse(fmt::format("two axes of {} have its {} classes", shape.to_string(), classes));
    axis = i;
  }
  if (axis < 0) refuse(fmt::format("no axis of {} has its {} classes", shape.to_string(), classes));
  return axis;
}

bool keeps_channels(const Node& node) {
  const auto* reduce = std::get_if<graph::Reduce>(&node.op);
  return reduce || std::holds_alternative<graph::Reshape>(node.op) ||
         std::holds_alternative<graph::Dropout>(node.op) ||
         std::holds_alternative<graph::AveragePool>(node.op);
}

void renew(Node& node, int64_t classes, uint64_t seed) {
  auto* convolution = std::get_if<graph::Convolution>(&node.op);
  if (convolution && convolution->groups != 1) refuse("its last layer is a grouped convolution");
  graph::TensorRef& weight = convolution ? convolution->weight : std::get<graph::Dense>(node.op).weight;
  graph::TensorRef& bias = convolution ? convolution->bias : std::get<graph::Dense>(node.op).bias;
  std::vector<int64_t> dims = weight->shape().dims();
  dims[0] = classes;
  weight = he_weights(Shape(dims), seed);
  bias = graph::share(Tensor(Shape{classes}, DType::kF32));
}

}  // namespace

bool fit_head(graph::Graph& graph, int64_t classes, uint64_t seed) {
  const Shape output = graph.shape(graph.output);
  if (output.rank() != 2) refuse(fmt::format("its output is {}", output.to_string()));
  const int64_t before = output[1];
  if (before == classes) return false;
  const auto writers = graph.writers();
  for (graph::ValueId value = graph.output;;) {
    const int writer = writers[static_cast<size_t>(value)];
    if (writer < 0) refuse("no layer with weights leads to its output");
    Node& node = graph.nodes[static_cast<size_t>(writer)];
    Shape& shape = graph.values[static_cast<size_t>(value)].shape;
    shape[class_axis(shape, before)] = classes;
    if (std::holds_alternative<graph::Convolution>(node.op) ||
        std::holds_alternative<graph::Dense>(node.op)) {
      renew(node, classes, seed);
      return true;
    }
    if (!keeps_channels(node))
      refuse(fmt::format("{} '{}' stands before its output", name(node.op), node.name));
    value = node.inputs[0];
  }
}

}  // namespace relevid::train
