// SPDX-License-Identifier: Apache-2.0
#include "graph/expansion.h"

#include <fmt/format.h>

#include "relevid/error.h"

namespace relevid::graph {

std::string Expansion::operator()(const std::string& op, std::vector<std::string> inputs,
                                  Attributes attributes) {
  const std::string& called = node_.name.empty() && !node_.outputs.empty() ? node_.outputs[0] : node_.name;
  std::string output = builder_.fresh_name(op);
  lower_node(builder_, ModelNode{op, called, std::move(inputs), {output}, std::move(attributes)});
  return output;
}

std::string Expansion::bind(const std::string& what, Binding binding) {
  std::string name = builder_.fresh_name(what);
  builder_.define(name, std::move(binding));
  return name;
}

std::string Expansion::number(double value) {
  return bind("number", share(Tensor::from(Shape{}, std::vector<float>{static_cast<float>(value)})));
}

std::string Expansion::ints(const std::vector<int64_t>& values) {
  return bind("integers", share(Tensor::from(Shape{static_cast<int64_t>(values.size())}, values)));
}

Shape Expansion::shape(const std::string& name) const {
  return builder_.shape(ModelNode{node_.op, node_.name, {name}, node_.outputs, {}}, 0);
}

std::string Expansion::required(size_t index) const {
  if (!node_.has_input(index))
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: input {} is missing", node_.label(), index));
  return node_.inputs[index];
}

void Expansion::define(const std::string& output, const std::string& name) {
  const Binding* found = builder_.lookup(name);
  if (!found) throw Error(ErrorKind::kInternal, fmt::format("{}: '{}' was not made", node_.label(), name));
  builder_.define(output, *found);
}

}  // namespace relevid::graph
