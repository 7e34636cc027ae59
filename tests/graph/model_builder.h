// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "graph/operator_traits.h"
#include "graph/specialise.h"

namespace relevid::testing {

using Attributes = std::map<std::string, graph::Attribute>;

/// A model as the ONNX reader hands it over, with one input 'x'; the last node's first output is the model's.
class ModelBuilder {
 public:
  explicit ModelBuilder(Shape input, int64_t opset = 17) : input_(std::move(input)) {
    model_.opset = opset;
    model_.inputs.push_back({"x", input_.dims(), std::vector<std::string>(input_.dims().size())});
  }

  ModelBuilder& tensor(const std::string& name, Tensor values) {
    model_.constants[name] = graph::share(std::move(values));
    return *this;
  }
  ModelBuilder& floats(const std::string& name, Shape shape, const std::vector<float>& values) {
    model_.constants[name] = graph::share(Tensor::from(std::move(shape), values));
    return *this;
  }
  ModelBuilder& filled(const std::string& name, Shape shape, float value) {
    const auto count = static_cast<size_t>(shape.elements());
    return floats(name, std::move(shape), std::vector<float>(count, value));
  }
  ModelBuilder& ints(const std::string& name, const std::vector<int64_t>& values) {
    model_.constants[name] = graph::share(Tensor::from(Shape{static_cast<int64_t>(values.size())}, values));
    return *this;
  }
  ModelBuilder& scalar(const std::string& name, int64_t value) {
    model_.constants[name] = graph::share(Tensor::from(Shape{}, std::vector<int64_t>{value}));
    return *this;
  }
  /// The node is called as its first output.
  ModelBuilder& node(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs,
                     Attributes attributes = {}) {
    const std::string name = outputs.at(0);
    model_.outputs = {{name, {}, {}}};
    model_.nodes.push_back({op, name, std::move(inputs), std::move(outputs), std::move(attributes)});
    return *this;
  }
  ModelBuilder& output(const std::string& name) {
    model_.outputs = {{name, {}, {}}};
    return *this;
  }

  const graph::Model& model() const { return model_; }
  graph::Graph specialise() const { return graph::specialise(model_, {{"x", input_}}); }
  Shape shape() const {
    const graph::Graph graph = specialise();
    return graph.shape(graph.output);
  }
  /// "Convolution Activation ...", in order.
  std::string operators() const {
    std::string names;
    for (const auto& node : specialise().nodes)
      names += (names.empty() ? "" : " ") + std::string(graph::name(node.op));
    return names;
  }

 private:
  Shape input_;
  graph::Model model_;
};

inline std::vector<int64_t> list(std::initializer_list<int64_t> values) {
  return values;
}

/// The i-th node as the operator it must be.
template <class Op>
const Op& node_as(const graph::Graph& graph, size_t i) {
  return std::get<Op>(graph.nodes.at(i).op);
}

}  // namespace relevid::testing
