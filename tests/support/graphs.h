// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/operator_traits.h"
#include "kernels/specs.h"
#include "support/random.h"

namespace relevid::testing {

/// Builds a graph node by node; each call returns the value it makes.
class GraphBuilder {
 public:
  using Value = graph::ValueId;

  Value input(Shape shape) {
    const Value id = value("input", std::move(shape));
    graph_.inputs.push_back(id);
    return id;
  }
  /// Any node; its name is the operator's and its number.
  Value node(graph::Operator op, std::vector<Value> inputs, Shape output) {
    const std::string name = std::string(graph::name(op)) + std::to_string(graph_.nodes.size());
    const Value id = value(name, std::move(output));
    graph_.nodes.push_back({std::move(op), name, std::move(inputs), id});
    return id;
  }
  Value like(graph::Operator op, Value x) { return node(std::move(op), {x}, graph_.shape(x)); }
  Value relu(Value x) { return like(Activation{Activation::Kind::kRelu}, x); }

  struct ConvolutionOptions {
    std::vector<int64_t> kernel{3, 3, 3};
    std::vector<int64_t> pads{1, 1, 1};
    std::vector<int64_t> strides{1, 1, 1};
    int64_t groups = 1;
    float bias = 0.1F;  ///< largest magnitude
  };
  Value convolution(Value x, int64_t channels, Random& random, const ConvolutionOptions& options) {
    const Shape from = graph_.shape(x);
    graph::Convolution op;
    std::vector<int64_t> weight = {channels, from[1] / options.groups};
    weight.insert(weight.end(), options.kernel.begin(), options.kernel.end());
    op.weight = shared(random.uniform(Shape(weight), -0.5, 0.5));
    op.bias = shared(random.uniform(Shape{channels}, -options.bias, options.bias));
    op.groups = options.groups;
    op.window = {options.kernel, options.strides, std::vector<int64_t>(options.kernel.size(), 1),
                 options.pads, options.pads};
    Shape to = from;
    to[1] = channels;
    for (size_t i = 0; i < options.kernel.size(); ++i) {
      int64_t& size = to[static_cast<int64_t>(i) + 2];
      size = (size + 2 * options.pads[i] - options.kernel[i]) / options.strides[i] + 1;
    }
    return node(std::move(op), {x}, std::move(to));
  }
  Value convolution(Value x, int64_t channels, Random& random) {
    return convolution(x, channels, random, {});
  }

  Value max_pool(Value x) {
    Shape to = graph_.shape(x);
    for (int64_t axis = 2; axis < 5; ++axis) to[axis] /= 2;
    return node(graph::MaxPool{{{2, 2, 2}, {2, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}}}, {x}, std::move(to));
  }
  Value average_pool(Value x) {
    Shape to = graph_.shape(x);
    for (int64_t axis = 2; axis < 5; ++axis) to[axis] /= 2;
    return node(graph::AveragePool{{{2, 2, 2}, {2, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}},
                                   graph::AveragePool::Count::kInside,
                                   {0, 0, 0}},
                {x}, std::move(to));
  }
  Value mean(Value x) {
    const Shape from = graph_.shape(x);
    return node(graph::Reduce{graph::Reduce::Kind::kMean, {2, 3, 4}}, {x}, Shape{from[0], from[1], 1, 1, 1});
  }
  Value add(Value a, Value b, double sign = 1) { return node(graph::Add{sign}, {a, b}, graph_.shape(a)); }
  Value multiply(Value a, Value b, int gate) { return node(graph::Multiply{gate}, {a, b}, graph_.shape(a)); }
  Value reshape(Value x, Shape to) { return node(graph::Reshape{}, {x}, std::move(to)); }
  Value flatten(Value x) {
    const Shape from = graph_.shape(x);
    return reshape(x, Shape{from[0], from.elements() / from[0]});
  }
  Value dense(Value x, int64_t out, Random& random, float bias = 0.1F) {
    Shape to = graph_.shape(x);
    const int64_t in = to[to.rank() - 1];
    to[to.rank() - 1] = out;
    return node(graph::Dense{shared(random.uniform(Shape{out, in}, -0.5, 0.5)),
                             shared(random.uniform(Shape{out}, -bias, bias))},
                {x}, std::move(to));
  }
  Value affine(Value x, const std::vector<float>& scale, const std::vector<float>& shift) {
    Shape constant(std::vector<int64_t>(static_cast<size_t>(graph_.shape(x).rank()), 1));
    constant[1] = static_cast<int64_t>(scale.size());
    return like(graph::Affine{shared(Tensor::from(constant, scale)), shared(Tensor::from(constant, shift))},
                x);
  }

  static graph::TensorRef constant(Shape shape, Random& random) {
    return shared(random.uniform(std::move(shape), -0.5, 0.5));
  }

  const Shape& shape(Value x) const { return graph_.shape(x); }
  graph::Graph finish(Value output) {
    graph_.output = output;
    return graph_;
  }

 private:
  Value value(std::string name, Shape shape) {
    graph_.values.push_back({std::move(name), std::move(shape)});
    return static_cast<Value>(graph_.values.size()) - 1;
  }

  graph::Graph graph_;
};

}  // namespace relevid::testing
