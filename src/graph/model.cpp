// SPDX-License-Identifier: Apache-2.0
#include "graph/model.h"

#include <fmt/format.h>

#include "relevid/error.h"

namespace relevid::graph {
namespace {

template <class T>
T attribute(const ModelNode& node, const std::string& key, T otherwise) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return otherwise;
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  throw Error(ErrorKind::kCorruptInput,
              fmt::format("{}: attribute '{}' has another type than ONNX defines", node.label(), key));
}

}  // namespace

TensorRef share(Tensor tensor) {
  return std::make_shared<const Tensor>(std::move(tensor));
}

int64_t ModelNode::integer(const std::string& key, int64_t otherwise) const {
  return attribute(*this, key, otherwise);
}
double ModelNode::number(const std::string& key, double otherwise) const {
  return attribute(*this, key, otherwise);
}
std::string ModelNode::text(const std::string& key, const std::string& otherwise) const {
  return attribute(*this, key, otherwise);
}
std::vector<int64_t> ModelNode::integers(const std::string& key, std::vector<int64_t> otherwise) const {
  return attribute(*this, key, std::move(otherwise));
}

const Subgraph& ModelNode::subgraph(const std::string& key) const {
  const SubgraphRef found = attribute(*this, key, SubgraphRef{});
  if (!found) throw Error(ErrorKind::kCorruptInput, fmt::format("{}: no attribute '{}'", label(), key));
  return *found;
}

std::string ModelNode::label() const {
  const std::string& shown = name.empty() && !outputs.empty() ? outputs.front() : name;
  return fmt::format("{} '{}'", op, shown);
}

}  // namespace relevid::graph
