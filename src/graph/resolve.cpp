// SPDX-License-Identifier: Apache-2.0
// What ONNX says about axes, slices and new shapes; for constants as for computed values.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "graph/evaluate.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

[[noreturn]] void corrupt(const ModelNode& node, const std::string& what) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}", node.label(), what));
}

SliceRange whole(const Shape& shape) {
  const auto rank = static_cast<size_t>(shape.rank());
  return {std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 1), shape.dims()};
}

}  // namespace

int64_t resolve_axis(const ModelNode& node, int64_t axis, int64_t rank) {
  const int64_t resolved = axis < 0 ? axis + rank : axis;
  if (resolved < 0 || resolved >= rank)
    corrupt(node, fmt::format("axis {} does not fit {} dimensions", axis, rank));
  return resolved;
}

SliceRange resolve_slice(const ModelNode& node, const Shape& shape, std::span<const int64_t> starts,
                         std::span<const int64_t> ends, std::span<const int64_t> axes,
                         std::span<const int64_t> steps) {
  SliceRange range = whole(shape);
  if (starts.size() != ends.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size())) {
    corrupt(node, "starts, ends, axes and steps differ in length");
  }
  for (size_t i = 0; i < starts.size(); ++i) {
    const auto axis = static_cast<size_t>(
        resolve_axis(node, axes.empty() ? static_cast<int64_t>(i) : axes[i], shape.rank()));
    const int64_t size = shape[static_cast<int64_t>(axis)];
    if (!steps.empty() && steps[i] == 0) corrupt(node, "a slice with step 0");
    // A step as long as the axis takes one element, and so does a longer one.
    const int64_t step = steps.empty() ? 1 : std::clamp(steps[i], -size - 1, size + 1);
    // Clamped before the size is added, so that INT64_MIN and INT64_MAX mean "to the end".
    const auto clamp = [&](int64_t position) {
      if (position < 0) position = std::max(position, -size - 1) + size;
      return step > 0 ? std::clamp<int64_t>(position, 0, size) : std::clamp<int64_t>(position, -1, size - 1);
    };
    const int64_t begin = clamp(starts[i]), end = clamp(ends[i]);
    range.begin[axis] = begin;
    range.step[axis] = step;
    range.count[axis] =
        std::max<int64_t>(0, step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step);
  }
  return range;
}

Shape resolve_reshape(const ModelNode& node, const Shape& from, std::span<const int64_t> wanted) {
  std::vector<int64_t> dims;
  int open = -1;
  const bool zero_copies = node.integer("allowzero", 0) == 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    int64_t dim = wanted[i];
    if (dim == 0 && zero_copies) {
      if (static_cast<int64_t>(i) >= from.rank())
        corrupt(node, "a 0 in the new shape copies an axis that is not there");
      dim = from[static_cast<int64_t>(i)];
    }
    if (dim < -1 || (dim == -1 && open >= 0)) corrupt(node, "the new shape is not a shape");
    if (dim == -1) open = static_cast<int>(i);
    dims.push_back(dim);
  }
  if (open >= 0) {
    std::vector<int64_t> others = dims;
    others[static_cast<size_t>(open)] = 1;
    const int64_t known = Shape(std::move(others)).elements();  // refuses products that overflow
    if (known == 0 || from.elements() % known != 0)
      corrupt(node, fmt::format("{} does not divide into the new shape", from.to_string()));
    dims[static_cast<size_t>(open)] = from.elements() / known;
  }
  Shape shape(std::move(dims));
  if (shape.elements() != from.elements()) {
    corrupt(node, fmt::format("cannot reshape {} to {}", from.to_string(), shape.to_string()));
  }
  return shape;
}

std::vector<SliceRange> resolve_split(const ModelNode& node, const Shape& shape, const TensorRef& given) {
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), shape.rank());
  std::vector<int64_t> sizes = given ? given->as_ints() : node.integers("split");
  if (sizes.empty()) {
    const auto parts = static_cast<int64_t>(node.outputs.size());
    const int64_t chunk = (shape[axis] + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i) sizes.push_back(std::min(chunk, shape[axis] - i * chunk));
  }
  std::vector<SliceRange> parts;
  int64_t begin = 0;
  for (const int64_t size : sizes) {
    if (size < 1 || size > shape[axis] - begin) break;
    SliceRange& part = parts.emplace_back(whole(shape));
    part.begin[static_cast<size_t>(axis)] = begin;
    part.count[static_cast<size_t>(axis)] = size;
    begin += size;
  }
  if (parts.size() != sizes.size() || parts.size() != node.outputs.size() || begin != shape[axis])
    corrupt(node, fmt::format("the parts do not add up to {}", shape[axis]));
  return parts;
}

Padding resolve_padding(const ModelNode& node, const Shape& shape, const TensorRef& pads,
                        const TensorRef& value, const TensorRef& axes) {
  const auto rank = static_cast<size_t>(shape.rank());
  const std::vector<int64_t> given = pads ? pads->as_ints() : node.integers("pads");
  std::vector<int64_t> on(rank);
  std::iota(on.begin(), on.end(), int64_t{0});
  if (axes) on = axes->as_ints();
  if (given.size() != 2 * on.size())
    corrupt(node, fmt::format("{} pads for {} axes", given.size(), on.size()));
  if (value && value->elements() != 1) corrupt(node, "the fill value is not one number");
  Padding result{whole(shape), std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 0),
                 value ? value->as_doubles()[0] : node.number("value", 0), shape};
  std::vector<char> seen(rank, 0);
  for (size_t i = 0; i < on.size(); ++i) {
    const auto axis = static_cast<size_t>(resolve_axis(node, on[i], shape.rank()));
    const int64_t begin = given[i], end = given[i + on.size()];
    if (std::exchange(seen[axis], 1) != 0) corrupt(node, fmt::format("axis {} is padded twice", axis));
    for (const int64_t amount : {begin, end}) {
      constexpr int64_t kLargest = int64_t{1} << 40;
      if (amount > kLargest || amount < -kLargest)
        throw Error(ErrorKind::kResourceLimit, fmt::format("{}: a pad of {}", node.label(), amount));
    }
    result.begin[axis] = std::max<int64_t>(0, begin);
    result.end[axis] = std::max<int64_t>(0, end);
    result.crop.begin[axis] = std::max<int64_t>(0, -begin);
    result.crop.count[axis] += std::min<int64_t>(0, begin) + std::min<int64_t>(0, end);
    result.padded[static_cast<int64_t>(axis)] += begin + end;
    if (result.crop.count[axis] < std::min<int64_t>(1, shape[static_cast<int64_t>(axis)]))
      corrupt(node, fmt::format("its negative pads leave nothing of {}", shape.to_string()));
  }
  return result;
}

Reduction resolve_reduction(const ModelNode& node, const Shape& shape, const TensorRef& axes_input) {
  Reduction result{axes_of(node, axes_input), shape, shape};
  std::vector<int64_t>& axes = result.axes;
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return result;
  if (axes.empty()) {
    axes.resize(static_cast<size_t>(shape.rank()));
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  for (int64_t& axis : axes) axis = resolve_axis(node, axis, shape.rank());
  std::ranges::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());  // clang 14 cannot take std::ranges::unique
  std::vector<int64_t> dropped;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (std::ranges::binary_search(axes, axis))
      result.kept[axis] = 1;
    else
      dropped.push_back(shape[axis]);
  }
  result.result = node.integer("keepdims", 1) != 0 ? result.kept : Shape(std::move(dropped));
  return result;
}

std::vector<int64_t> axes_of(const ModelNode& node, const TensorRef& axes_input) {
  return axes_input ? axes_input->as_ints() : node.integers("axes");
}

Shape squeezed(const ModelNode& node, const Shape& from, std::vector<int64_t> axes) {
  for (int64_t& axis : axes) axis = resolve_axis(node, axis, from.rank());
  std::vector<int64_t> dims;
  for (int64_t i = 0; i < from.rank(); ++i) {
    const bool named = axes.empty() ? from[i] == 1 : std::ranges::count(axes, i) > 0;
    if (named && from[i] != 1)
      corrupt(node, fmt::format("axis {} of {} is not of size 1", i, from.to_string()));
    if (!named) dims.push_back(from[i]);
  }
  return Shape(std::move(dims));
}

Shape unsqueezed(const ModelNode& node, const Shape& from, std::vector<int64_t> axes) {
  const int64_t rank = from.rank() + static_cast<int64_t>(axes.size());
  for (int64_t& axis : axes) axis = resolve_axis(node, axis, rank);
  std::vector<int64_t> dims;
  int64_t next = 0;
  for (int64_t i = 0; i < rank; ++i) {
    const bool inserted = std::ranges::count(axes, i) > 0;
    if (!inserted && next >= from.rank()) corrupt(node, "the same axis is inserted twice");
    dims.push_back(inserted ? 1 : from[next++]);
  }
  return Shape(std::move(dims));
}

Shape flattened(const ModelNode& node, const Shape& from) {
  const int64_t axis_given = node.integer("axis", 1);
  const int64_t axis = axis_given == from.rank() ? axis_given : resolve_axis(node, axis_given, from.rank());
  int64_t outer = 1, inner = 1;
  for (int64_t i = 0; i < from.rank(); ++i) (i < axis ? outer : inner) *= from[i];
  return Shape{outer, inner};
}

SliceArguments slice_arguments(const ModelNode& node, std::span<const TensorRef> inputs) {
  if (inputs.size() < 2) {
    return {node.integers("starts"), node.integers("ends"), node.integers("axes"), {}};
  }
  const auto ints = [&](size_t i) {
    return i < inputs.size() && inputs[i] ? inputs[i]->as_ints() : std::vector<int64_t>{};
  };
  return {ints(1), ints(2), ints(3), ints(4)};
}

}  // namespace relevid::graph
