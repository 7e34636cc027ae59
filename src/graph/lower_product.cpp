// SPDX-License-Identifier: Apache-2.0
// Attention: products of computed matrices, and the softmax between them.
#include <fmt/format.h>

#include <algorithm>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/gates.h"
#include "graph/lower_parts.h"

namespace relevid::graph {
namespace {

/// The axes before the last two.
Shape stack_of(const Shape& shape) {
  return Shape(std::vector<int64_t>(shape.dims().begin(), shape.dims().end() - 2));
}

Shape with_matrix(const Shape& stack, int64_t rows, int64_t columns) {
  std::vector<int64_t> dims = stack.dims();
  dims.insert(dims.end(), {rows, columns});
  return Shape(std::move(dims));
}

}  // namespace

/// As ONNX has it (numpy.matmul): stacks broadcast, and become one axis; a vector is a row or a column.
void lower_product(Builder& builder, const ModelNode& node) {
  const ValueId a = builder.value(node, 0), b = builder.value(node, 1);
  const Shape given_left = builder.shape(a), given_right = builder.shape(b);
  if (given_left.rank() == 0 || given_right.rank() == 0) shapes_differ(node, given_left, given_right);
  const Shape left = with_rank(given_left, std::max<int64_t>(2, given_left.rank()));
  const Shape right = given_right.rank() == 1 ? Shape{given_right[0], 1} : given_right;
  const int64_t rows = left[left.rank() - 2], inner = left[left.rank() - 1],
                columns = right[right.rank() - 1];
  if (right[right.rank() - 2] != inner) shapes_differ(node, left, right);
  const Shape stack = broadcast(stack_of(left), stack_of(right));
  const auto stacked = [&](ValueId x, const Shape& as, int64_t x_rows, int64_t x_columns) {
    const ValueId whole =
        emit_expand(builder, node, builder.reshape(node, x, as), with_matrix(stack, x_rows, x_columns));
    return builder.reshape(node, whole, Shape{stack.elements(), x_rows, x_columns});
  };
  const MatMul op{find_weights(builder.graph(), a, b)};
  const ValueId lefts = stacked(a, left, rows, inner), rights = stacked(b, right, inner, columns);
  const ValueId product = builder.emit(node, op, {lefts, rights}, Shape{stack.elements(), rows, columns});
  std::vector<int64_t> dims = stack.dims();
  if (given_left.rank() > 1) dims.push_back(rows);
  if (given_right.rank() > 1) dims.push_back(columns);
  builder.define(node.outputs.at(0), builder.reshape(node, product, Shape(std::move(dims))));
}

/// Up to opset 12 over all axes from `axis` on taken as one, from 13 on along one axis.
void lower_softmax(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const Shape from = builder.shape(x);
  const bool flattens = builder.model().opset < 13;
  const int64_t axis = resolve_axis(node, node.integer("axis", flattens ? 1 : -1), from.rank());
  if (!flattens || axis == from.rank() - 1) {
    builder.define(node.outputs.at(0), builder.emit(node, Softmax{axis}, {x}, from));
    return;
  }
  int64_t outer = 1;
  for (int64_t i = 0; i < axis; ++i) outer *= from[i];
  const Shape rows{outer, from.elements() / outer};
  const ValueId y = builder.emit(node, Softmax{1}, {builder.reshape(node, x, rows)}, rows);
  builder.define(node.outputs.at(0), builder.reshape(node, y, from));
}

}  // namespace relevid::graph
