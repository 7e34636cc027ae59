// SPDX-License-Identifier: Apache-2.0
// Attention: products of computed matrices, and the softmax between them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

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

/// x with its axes in another order.
ValueId emit_order(Builder& builder, const ModelNode& node, ValueId x, const std::string& labels,
                   const std::string& wanted) {
  if (labels == wanted) return x;
  std::vector<int64_t> permutation, dims;
  for (const char label : wanted) {
    permutation.push_back(static_cast<int64_t>(labels.find(label)));
    dims.push_back(builder.shape(x)[permutation.back()]);
  }
  return builder.emit(node, Transpose{std::move(permutation)}, {x}, Shape(std::move(dims)));
}

/// The axes of an Einsum of two operands that a product of matrices can do: every axis of the result is one
/// of both operands (the stack) or of one (rows, columns), and every other is one of both (inner).
struct Einsum {
  std::string left, right, result;
  std::string stack, rows, inner, columns;
};

Einsum parse_einsum(const ModelNode& node) {
  std::string equation = node.text("equation", "");
  std::erase(equation, ' ');
  const size_t comma = equation.find(','), arrow = equation.find("->");
  if (comma == std::string::npos || arrow == std::string::npos || comma > arrow ||
      equation.find(',', comma + 1) != std::string::npos || equation.find('.') != std::string::npos)
    reject(
        fmt::format("the equation '{}'; products of two operands with a stated result are taken", equation));
  Einsum e{equation.substr(0, comma),
           equation.substr(comma + 1, arrow - comma - 1),
           equation.substr(arrow + 2),
           {},
           {},
           {},
           {}};
  const auto has = [](const std::string& labels, char label) {
    return labels.find(label) != std::string::npos;
  };
  for (const char label : e.result) {
    const bool in_left = has(e.left, label), in_right = has(e.right, label);
    (in_left && in_right ? e.stack : in_left ? e.rows : e.columns) += label;
  }
  for (const char label : e.left) {
    if (!has(e.result, label)) e.inner += label;
  }
  const auto fits = [&](const std::string& operand, const std::string& axes) {
    const std::set<char> once(operand.begin(), operand.end());  // a diagonal is no product of matrices
    return once.size() == operand.size() &&
           std::is_permutation(operand.begin(), operand.end(), axes.begin(), axes.end());
  };
  if (!fits(e.left, e.stack + e.rows + e.inner) || !fits(e.right, e.stack + e.inner + e.columns) ||
      !fits(e.result, e.stack + e.rows + e.columns))
    reject(fmt::format("the equation '{}', which is no product of matrices", equation));
  return e;
}

}  // namespace

/// As a product of matrices, of the operands in the order that it needs; groups of axes become one.
void lower_einsum(Builder& builder, const ModelNode& node) {
  if (node.inputs.size() != 2) reject(fmt::format("{} operands; two are taken", node.inputs.size()));
  const Einsum e = parse_einsum(node);
  const ValueId a = builder.value(node, 0), b = builder.value(node, 1);
  if (builder.shape(a).rank() != static_cast<int64_t>(e.left.size()) ||
      builder.shape(b).rank() != static_cast<int64_t>(e.right.size()))
    shapes_differ(node, builder.shape(a), builder.shape(b));
  const auto size_of = [&](const std::string& labels) {
    std::vector<int64_t> dims;
    for (const char label : labels) {
      const size_t at = e.left.find(label);
      dims.push_back(at != std::string::npos ? builder.shape(a)[static_cast<int64_t>(at)]
                                             : builder.shape(b)[static_cast<int64_t>(e.right.find(label))]);
    }
    return Shape(std::move(dims));
  };
  const int64_t stack = size_of(e.stack).elements(), rows = size_of(e.rows).elements(),
                inner = size_of(e.inner).elements(), columns = size_of(e.columns).elements();
  if (size_of(e.stack + e.inner + e.columns).elements() != builder.shape(b).elements())
    shapes_differ(node, builder.shape(a), builder.shape(b));
  const ValueId left = builder.reshape(node, emit_order(builder, node, a, e.left, e.stack + e.rows + e.inner),
                                       Shape{stack, rows, inner});
  const ValueId right =
      builder.reshape(node, emit_order(builder, node, b, e.right, e.stack + e.inner + e.columns),
                      Shape{stack, inner, columns});
  const MatMul op{find_weights(builder.graph(), a, b)};
  const ValueId product = builder.emit(node, op, {left, right}, Shape{stack, rows, columns});
  const std::string order = e.stack + e.rows + e.columns;
  builder.define(node.outputs.at(0),
                 emit_order(builder, node, builder.reshape(node, product, size_of(order)), order, e.result));
}

/// As ONNX has it (numpy.matmul): stacks broadcast, and become one axis.
void lower_product(Builder& builder, const ModelNode& node) {
  const ValueId a = builder.value(node, 0), b = builder.value(node, 1);
  const Shape left = builder.shape(a), right = builder.shape(b);
  if (left.rank() < 2 || right.rank() < 2) reject("a product of computed values with a vector");
  const int64_t rows = left[left.rank() - 2], inner = left[left.rank() - 1],
                columns = right[right.rank() - 1];
  if (right[right.rank() - 2] != inner) shapes_differ(node, left, right);
  const Shape stack = broadcast(stack_of(left), stack_of(right));
  const auto stacked = [&](ValueId x, int64_t x_rows, int64_t x_columns) {
    const ValueId whole = emit_expand(builder, node, x, with_matrix(stack, x_rows, x_columns));
    return builder.reshape(node, whole, Shape{stack.elements(), x_rows, x_columns});
  };
  const MatMul op{find_weights(builder.graph(), a, b)};
  const ValueId lefts = stacked(a, rows, inner), rights = stacked(b, inner, columns);
  const ValueId product = builder.emit(node, op, {lefts, rights}, Shape{stack.elements(), rows, columns});
  builder.define(node.outputs.at(0), builder.reshape(node, product, with_matrix(stack, rows, columns)));
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
