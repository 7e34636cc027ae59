// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/strided.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

Tensor evaluate_tile(const ModelNode& node, const Tensor& x, const Tensor& repeats) {
  const auto counts = resolve_repeats(node, x.shape(), repeats);
  std::vector<int64_t> apart, once;  // [repeats, size] for every axis
  for (int64_t i = 0; i < x.shape().rank(); ++i) {
    apart.insert(apart.end(), {counts[static_cast<size_t>(i)], x.shape()[i]});
    once.insert(once.end(), {1, x.shape()[i]});
  }
  require_moderate(node, Shape(apart));
  std::vector<int64_t> dims;
  for (size_t i = 0; i < apart.size(); i += 2) dims.push_back(apart[i] * apart[i + 1]);
  return broadcast_to(node, x.clone().reshaped(Shape(once)), Shape(apart)).reshaped(Shape(dims));
}

/// Blocks of `block` elements of x, one after the other.
Tensor picked(const Tensor& x, std::span<const int64_t> blocks, int64_t block, Shape shape) {
  Tensor result(std::move(shape), x.dtype());
  const auto width = static_cast<size_t>(block * size_bytes(x.dtype()));
  for (size_t i = 0; i < blocks.size(); ++i)
    std::copy_n(x.bytes().data() + static_cast<size_t>(blocks[i]) * width, width,
                result.bytes().data() + i * width);
  return result;
}

Tensor evaluate_gather_nd(const ModelNode& node, const Tensor& x, const Tensor& indices) {
  const RowSelection selection = resolve_rows(node, x.shape(), indices, node.integer("batch_dims", 0));
  std::vector<int64_t> dims = selection.selected.dims();
  dims.insert(dims.end(), selection.row.dims().begin(), selection.row.dims().end());
  require_moderate(node, Shape(dims));
  return picked(x, selection.rows, selection.row.elements(), Shape(dims));
}

/// Writes blocks of `updates` over blocks of x, or adds, multiplies or compares.
Tensor scattered(const ModelNode& node, const Tensor& x, const Tensor& updates,
                 std::span<const int64_t> blocks, int64_t block) {
  const std::string reduction = node.text("reduction", "none");
  return in_wide_type(is_float(x.dtype()), [&]<class T>(T, DType computing) {
    Tensor result = x.cast(computing);
    const Tensor given = updates.cast(computing);
    const auto write = [&](auto&& f) {
      const auto to = result.values<T>();
      const auto from = given.values<T>();
      for (size_t i = 0; i < from.size(); ++i) {
        const auto size = static_cast<size_t>(block);
        T& element = to[static_cast<size_t>(blocks[i / size]) * size + i % size];
        element = static_cast<T>(f(element, from[i]));
      }
    };
    if (reduction == "none")
      write([](T, T b) { return b; });
    else if (reduction == "add")
      write(wrapping(std::plus<>()));
    else if (reduction == "mul")
      write(wrapping(std::multiplies<>()));
    else if (reduction == "max")
      write([](T a, T b) { return std::max(a, b); });
    else if (reduction == "min")
      write([](T a, T b) { return std::min(a, b); });
    else
      throw_corrupt(node, fmt::format("reduction '{}'", reduction));
    return result.cast(x.dtype());
  });
}

Tensor evaluate_scatter_nd(const ModelNode& node, const Tensor& x, const Tensor& indices,
                           const Tensor& updates) {
  const RowSelection selection = resolve_rows(node, x.shape(), indices, 0);
  const int64_t row = selection.row.elements();
  if (updates.elements() != std::ssize(selection.rows) * row)
    throw_corrupt(node, fmt::format("updates {} do not fit {} rows of {}", updates.shape().to_string(),
                                    selection.rows.size(), selection.row.to_string()));
  return scattered(node, x, updates, selection.rows, row);
}

Tensor evaluate_scatter_elements(const ModelNode& node, const Tensor& x, const Tensor& indices,
                                 const Tensor& updates) {
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), x.shape().rank());
  const auto elements = resolve_elements(node, x.shape(), indices, axis);
  if (updates.shape() != indices.shape())
    throw_corrupt(node, fmt::format("updates {} do not fit indices {}", updates.shape().to_string(),
                                    indices.shape().to_string()));
  return scattered(node, x, updates, elements, 1);
}

/// The upper or lower triangle of the last two axes; zeros elsewhere.
Tensor evaluate_trilu(const ModelNode& node, const Tensor& x, const TensorRef& diagonal) {
  const int64_t rank = x.shape().rank();
  if (rank < 2 || (diagonal && diagonal->elements() != 1))
    throw_corrupt(node, fmt::format("a triangle of {}", x.shape().to_string()));
  const int64_t columns = x.shape()[rank - 1], rows = x.shape()[rank - 2];
  // Beyond the corners nothing changes, and differences of columns stay numbers.
  const int64_t shift = std::clamp(diagonal ? diagonal->as_ints()[0] : 0, -rows - 1, columns + 1);
  const bool upper = node.integer("upper", 1) != 0;
  Tensor result = x.clone();
  const auto width = static_cast<size_t>(size_bytes(x.dtype()));
  for (int64_t i = 0; i < x.elements(); ++i) {
    const int64_t right = i % columns - i / columns % rows - shift;
    if (upper ? right < 0 : right > 0)
      std::fill_n(result.bytes().data() + static_cast<size_t>(i) * width, width, std::byte{});
  }
  return result;
}

Tensor evaluate_cumulative_sum(const ModelNode& node, const Tensor& x, const Tensor& along) {
  if (along.elements() != 1) throw_corrupt(node, "more than one axis");
  const int64_t axis = resolve_axis(node, along.as_ints()[0], x.shape().rank());
  const int64_t size = x.shape()[axis], stride = x.shape().strides()[static_cast<size_t>(axis)];
  const bool exclusive = node.integer("exclusive", 0) != 0, reverse = node.integer("reverse", 0) != 0;
  return in_wide_type(is_float(x.dtype()), [&]<class T>(T, DType computing) {
    Tensor result = x.cast(computing);
    const auto values = result.values<T>();
    const auto add = wrapping(std::plus<>());
    for (int64_t line = 0; line < (size > 0 ? x.elements() / size : 0); ++line) {
      const int64_t first = line / stride * stride * size + line % stride;
      T sum{};
      for (int64_t i = 0; i < size; ++i) {
        T& value = values[static_cast<size_t>(first + (reverse ? size - 1 - i : i) * stride)];
        const T with = static_cast<T>(add(sum, value));
        value = exclusive ? sum : with;
        sum = with;
      }
    }
    return result.cast(x.dtype());
  });
}

/// [rank, count]: where x is not zero, in row-major order.
Tensor evaluate_nonzero(const Tensor& x) {
  const auto values = x.as_doubles();
  std::vector<int64_t> found;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0) found.push_back(static_cast<int64_t>(i));
  }
  const int64_t rank = x.shape().rank(), count = std::ssize(found);
  Tensor result(Shape{rank, count}, DType::kI64);
  const auto strides = x.shape().strides();
  for (int64_t axis = 0; axis < rank; ++axis) {
    for (int64_t i = 0; i < count; ++i)
      result.values<int64_t>()[static_cast<size_t>(axis * count + i)] =
          found[static_cast<size_t>(i)] / strides[static_cast<size_t>(axis)] % x.shape()[axis];
  }
  return result;
}

}  // namespace

std::optional<Tensor> evaluate_indexing(const ModelNode& node, std::span<const TensorRef> inputs) {
  const std::string& op = node.op;
  const auto in = [&](size_t i) -> const Tensor& { return operand(node, inputs, i); };
  if (op == "Tile") return evaluate_tile(node, in(0), in(1));
  if (op == "GatherND") return evaluate_gather_nd(node, in(0), in(1));
  if (op == "GatherElements") {
    const int64_t axis = resolve_axis(node, node.integer("axis", 0), in(0).shape().rank());
    return picked(in(0), resolve_elements(node, in(0).shape(), in(1), axis), 1, in(1).shape());
  }
  if (op == "ScatterND") return evaluate_scatter_nd(node, in(0), in(1), in(2));
  if (op == "ScatterElements") return evaluate_scatter_elements(node, in(0), in(1), in(2));
  if (op == "Trilu") return evaluate_trilu(node, in(0), inputs.size() > 1 ? inputs[1] : nullptr);
  if (op == "CumSum") return evaluate_cumulative_sum(node, in(0), in(1));
  if (op == "NonZero") return evaluate_nonzero(in(0));
  return std::nullopt;
}

}  // namespace relevid::graph
