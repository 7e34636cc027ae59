// SPDX-License-Identifier: Apache-2.0
#include "network/movement.h"

namespace relevid {

using kernels::Buffer;
using kernels::Library;

namespace {

std::vector<int64_t> steps_of_one(size_t rank) {
  return std::vector<int64_t>(rank, 1);
}

}  // namespace

Buffer move_forward(Library& library, const graph::Slice& op, const Buffer& x, const Shape& shape) {
  return library.slice(x, shape, op.begin, op.step);
}
Buffer move_forward(Library& library, const graph::Pad& op, const Buffer& x, const Shape& shape) {
  return library.place(x, shape, op.begin, steps_of_one(op.begin.size()), op.value);
}
Buffer move_forward(Library& library, const graph::Reshape&, const Buffer& x, const Shape& shape) {
  return library.reshape(x, shape);
}
Buffer move_forward(Library& library, const graph::Transpose& op, const Buffer& x, const Shape&) {
  return library.transpose(x, op.permutation);
}

Buffer move_back(Library& library, const graph::Slice& op, const Buffer& r, const Shape& shape) {
  return library.place(r, shape, op.begin, op.step, 0);
}
Buffer move_back(Library& library, const graph::Pad& op, const Buffer& r, const Shape& shape) {
  return library.slice(r, shape, op.begin, steps_of_one(op.begin.size()));
}
Buffer move_back(Library& library, const graph::Reshape&, const Buffer& r, const Shape& shape) {
  return library.reshape(r, shape);
}
Buffer move_back(Library& library, const graph::Transpose& op, const Buffer& r, const Shape&) {
  std::vector<int64_t> inverse(op.permutation.size());
  for (size_t i = 0; i < inverse.size(); ++i)
    inverse[static_cast<size_t>(op.permutation[i])] = static_cast<int64_t>(i);
  return library.transpose(r, inverse);
}
std::vector<Buffer> move_back(Library& library, const graph::Concat& op, const Buffer& r,
                              const std::vector<Shape>& shapes) {
  std::vector<Buffer> result;
  std::vector<int64_t> begin(static_cast<size_t>(r.shape().rank()), 0);
  const std::vector<int64_t> step = steps_of_one(begin.size());
  for (const Shape& shape : shapes) {
    result.push_back(library.slice(r, shape, begin, step));
    begin[static_cast<size_t>(op.axis)] += shape[op.axis];
  }
  return result;
}

}  // namespace relevid
