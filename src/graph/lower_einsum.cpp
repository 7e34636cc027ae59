// SPDX-License-Identifier: Apache-2.0
// Einsum: sums, products with a constant, and products of matrices.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "graph/builder.h"
#include "graph/einsum.h"
#include "graph/expansion.h"
#include "graph/gates.h"
#include "graph/lower_parts.h"

namespace relevid::graph {
namespace {

bool has(const std::string& names, char name) {
  return names.find(name) != std::string::npos;
}

/// A computed operand with its axes' names.
struct NamedValue {
  ValueId value = -1;
  std::string names;
};

/// Without the axes that nothing else has: they are summed over.
NamedValue summed(Builder& builder, const ModelNode& node, NamedValue x, const std::string& wanted) {
  Reduce sum{Reduce::Kind::kSum, {}};
  Shape kept = builder.shape(x.value);
  std::vector<int64_t> dims;
  std::string names;
  for (size_t i = 0; i < x.names.size(); ++i) {
    const auto axis = static_cast<int64_t>(i);
    if (has(wanted, x.names[i])) {
      names += x.names[i];
      dims.push_back(kept[axis]);
      continue;
    }
    if (axis == 0 && builder.clips() > 1) reject("a sum over the clips of a batch");
    if (kept[axis] != 1) sum.axes.push_back(axis);
    kept[axis] = 1;
  }
  if (!sum.axes.empty()) x.value = builder.emit(node, std::move(sum), {x.value}, std::move(kept));
  return {builder.reshape(node, x.value, Shape(std::move(dims))), std::move(names)};
}

/// The operands' axes as a product of matrices has them: those of both that the result has (the stack) or
/// lacks (inner), and those of one (rows, columns).
struct Groups {
  std::string stack, rows, inner, columns;
};

Groups group(const NamedValue& a, const NamedValue& b, const std::string& result) {
  Groups groups;
  for (const char name : result) {
    if (has(a.names, name) && has(b.names, name))
      groups.stack += name;
    else
      (has(a.names, name) ? groups.rows : groups.columns) += name;
  }
  for (const char name : a.names) {
    if (!has(result, name)) groups.inner += name;
  }
  // The clips' axis in front keeps the clips of a batch apart.
  const auto clips = std::ranges::find(groups.stack, a.names.empty() ? '\0' : a.names[0]);
  if (clips != groups.stack.end()) std::rotate(groups.stack.begin(), clips, clips + 1);
  return groups;
}

ValueId multiply(Builder& builder, const ModelNode& node, NamedValue a, NamedValue b,
                 const std::string& result, const std::map<char, int64_t>& sizes) {
  a = summed(builder, node, std::move(a), b.names + result);
  b = summed(builder, node, std::move(b), a.names + result);
  const Groups groups = group(a, b, result);
  const auto shape_of = [&](const std::string& names) {
    std::vector<int64_t> dims;
    for (const char name : names) dims.push_back(sizes.at(name));
    return Shape(std::move(dims));
  };
  const int64_t stack = shape_of(groups.stack).elements(), rows = shape_of(groups.rows).elements(),
                inner = shape_of(groups.inner).elements(), columns = shape_of(groups.columns).elements();
  const MatMul op{find_weights(builder.graph(), a.value, b.value)};
  const auto ordered = [&](const NamedValue& x, const std::string& names, Shape shape) {
    return builder.reshape(node, emit_order(builder, node, x.value, x.names, names), std::move(shape));
  };
  const ValueId left = ordered(a, groups.stack + groups.rows + groups.inner, Shape{stack, rows, inner}),
                right =
                    ordered(b, groups.stack + groups.inner + groups.columns, Shape{stack, inner, columns});
  const ValueId product = builder.emit(node, op, {left, right}, Shape{stack, rows, columns});
  const std::string order = groups.stack + groups.rows + groups.columns;
  return emit_order(builder, node, builder.reshape(node, product, shape_of(order)), order, result);
}

void require_distinct(const Equation& equation) {
  for (const std::string& term : equation.operands) {
    const std::set<char> once(term.begin(), term.end());
    if (once.size() != term.size()) reject("the diagonal of a computed operand");
  }
}

/// The first two operands' product, with the axes that are still needed, and then the others.
void fold_operands(Builder& builder, const ModelNode& node, const Equation& equation) {
  std::string later = equation.result, between, others;
  for (size_t i = 2; i < equation.operands.size(); ++i) {
    later += equation.operands[i];
    others += "," + equation.operands[i];
  }
  for (const char name : equation.operands[0] + equation.operands[1]) {
    if (has(later, name) && !has(between, name)) between += name;
  }
  const std::string letters = equation.operands[0] + equation.operands[1] + later;
  if (std::ranges::any_of(letters, [](unsigned char c) { return std::isdigit(c) != 0; }))
    reject("an ellipsis in an equation of more than two operands");
  Expansion expand(builder, node);
  const std::string first =
      expand("Einsum", {node.inputs[0], node.inputs[1]},
             {{"equation", equation.operands[0] + "," + equation.operands[1] + "->" + between}});
  std::vector<std::string> inputs = {first};
  inputs.insert(inputs.end(), node.inputs.begin() + 2, node.inputs.end());
  expand.finish(expand("Einsum", inputs, {{"equation", between + others + "->" + equation.result}}));
}

}  // namespace

void lower_einsum(Builder& builder, const ModelNode& node) {
  std::vector<Shape> shapes;
  std::vector<int64_t> ranks;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    shapes.push_back(builder.shape(node, i));
    ranks.push_back(shapes.back().rank());
  }
  const Equation equation = parse_equation(node, ranks);
  const auto sizes = sizes_of(node, equation, shapes);
  for (size_t i = 0; i < shapes.size(); ++i) {
    for (size_t axis = 0; axis < equation.operands[i].size(); ++axis) {
      if (shapes[i][static_cast<int64_t>(axis)] != sizes.at(equation.operands[i][axis]))
        reject("operands that broadcast under an ellipsis");
    }
  }
  if (equation.operands.size() > 2) return fold_operands(builder, node, equation);
  require_distinct(equation);
  const std::string& output = node.outputs.at(0);
  const std::string& first = equation.operands.at(0);
  if (equation.operands.size() == 1) {
    const NamedValue x = summed(builder, node, {builder.value(node, 0), first}, equation.result);
    return builder.define(output, emit_order(builder, node, x.value, x.names, equation.result));
  }
  const std::string& second = equation.operands[1];
  for (const size_t at : {size_t{0}, size_t{1}}) {
    if (!builder.is_constant(node.inputs[at])) continue;
    return builder.define(
        output,
        emit_contraction(builder, node, builder.value(node, 1 - at), at == 0 ? second : first,
                         *as_float(builder.constant(node, at)), at == 0 ? first : second, equation.result));
  }
  builder.define(output, multiply(builder, node, {builder.value(node, 0), first},
                                  {builder.value(node, 1), second}, equation.result, sizes));
}

}  // namespace relevid::graph
