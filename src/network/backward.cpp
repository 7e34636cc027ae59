// SPDX-License-Identifier: Apache-2.0
#include "network/backward.h"

#include <utility>

namespace relevid {

using graph::ValueId;
using kernels::Buffer;

void add_to(kernels::Library& library, Buffer& sum, const Buffer& more) {
  if (sum.is_only_handle()) {
    library.accumulate(sum, more, 1);
  } else {
    sum = library.add(sum, more, 1);
  }
}

void accumulate_at(kernels::Library& library, std::vector<Buffer>& into, ValueId value, Buffer r) {
  Buffer& slot = into[static_cast<size_t>(value)];
  if (slot)
    add_to(library, slot, r);  // what is there may be shared with another value's slot
  else
    slot = std::move(r);
}

std::optional<std::vector<Buffer>> move_back(const Network& network, const graph::Node& node,
                                             const Buffer& r) {
  kernels::Library& library = network.library();
  const auto shape = [&](size_t i) -> const Shape& { return network.graph().shape(node.inputs[i]); };
  std::vector<Buffer> result;
  if (std::holds_alternative<graph::Reshape>(node.op)) {
    result.push_back(library.reshape(r, shape(0)));
  } else if (const auto* transpose = std::get_if<graph::Transpose>(&node.op)) {
    std::vector<int64_t> inverse(transpose->permutation.size());
    for (size_t i = 0; i < inverse.size(); ++i)
      inverse[static_cast<size_t>(transpose->permutation[i])] = static_cast<int64_t>(i);
    result.push_back(library.transpose(r, inverse));
  } else if (const auto* slice = std::get_if<graph::Slice>(&node.op)) {
    result.push_back(library.place(r, shape(0), slice->begin, slice->step, 0));
  } else if (const auto* pad = std::get_if<graph::Pad>(&node.op)) {
    result.push_back(library.slice(r, shape(0), pad->begin, std::vector<int64_t>(pad->begin.size(), 1)));
  } else if (const auto* concat = std::get_if<graph::Concat>(&node.op)) {
    std::vector<int64_t> begin(static_cast<size_t>(r.shape().rank()), 0);
    const std::vector<int64_t> step(begin.size(), 1);
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      result.push_back(library.slice(r, shape(i), begin, step));
      begin[static_cast<size_t>(concat->axis)] += shape(i)[concat->axis];
    }
  } else {
    return std::nullopt;
  }
  return result;
}

}  // namespace relevid
