// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/window.h"
#include "relevid/error.h"

namespace relevid::graph {

namespace {

/// The node's strides, dilations and explicit pads, checked.
Window declared_window(const ModelNode& node, const Shape& input, const std::vector<int64_t>& kernel) {
  const size_t spatial = kernel.size();
  const std::vector<int64_t> ones(spatial, 1);
  Window window{kernel, node.integers("strides", ones), node.integers("dilations", ones),
                std::vector<int64_t>(spatial, 0), std::vector<int64_t>(spatial, 0)};
  const auto pads = node.integers("pads", std::vector<int64_t>(2 * spatial, 0));
  constexpr int64_t kLargest = 1 << 20;  // in elements; keeps products of two of them from overflowing
  const auto within = [](const std::vector<int64_t>& values, int64_t low) {
    return std::ranges::all_of(values, [=](int64_t v) { return v >= low && v <= kLargest; });
  };
  const bool positive =
      within(window.strides, 1) && within(window.dilations, 1) && within(kernel, 1) && within(pads, 0);
  if (input.rank() != static_cast<int64_t>(spatial) + 2 || window.strides.size() != spatial ||
      window.dilations.size() != spatial || pads.size() != 2 * spatial || !positive) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: kernel, strides, dilations or pads do not fit input {}", node.label(),
                            input.to_string()));
  }
  std::copy_n(pads.begin(), spatial, window.pads_begin.begin());
  std::copy_n(pads.begin() + static_cast<std::ptrdiff_t>(spatial), spatial, window.pads_end.begin());
  return window;
}

}  // namespace

ResolvedWindow resolve_window(const ModelNode& node, const Shape& input, const std::vector<int64_t>& kernel) {
  const size_t spatial = kernel.size();
  Window window = declared_window(node, input, kernel);
  const std::string auto_pad = node.text("auto_pad", "NOTSET");
  ResolvedWindow result;
  result.output = input;
  result.counted_end.resize(spatial);
  for (size_t i = 0; i < spatial; ++i) {
    const int64_t size = input[static_cast<int64_t>(i) + 2], stride = window.strides[i];
    const int64_t extent = (kernel[i] - 1) * window.dilations[i] + 1;
    int64_t begin = window.pads_begin[i], end = window.pads_end[i], out = 0;
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      out = (size + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (out - 1) * stride + extent - size);
      begin = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
      end = total - begin;
    } else {
      if (auto_pad == "VALID") begin = end = 0;
      const int64_t room = size + begin + end - extent;
      const bool ceil = node.integer("ceil_mode", 0) != 0;
      out = room < 0 ? 0 : (ceil ? (room + stride - 1) / stride : room / stride) + 1;
      if (ceil && out > 0 && (out - 1) * stride >= size + begin) --out;
    }
    result.counted_end[i] = end;
    window.pads_begin[i] = begin;
    window.pads_end[i] = std::max(end, (out - 1) * stride + extent - size - begin);
    result.output[static_cast<int64_t>(i) + 2] = out;
  }
  result.window = std::move(window);
  return result;
}

ResolvedWindow resolve_transposed_window(const ModelNode& node, const Shape& input,
                                         const std::vector<int64_t>& kernel) {
  ResolvedWindow result{declared_window(node, input, kernel), {}, input};
  const Window& window = result.window;
  const auto extra = node.integers("output_padding", std::vector<int64_t>(kernel.size(), 0));
  for (size_t i = 0; i < kernel.size(); ++i) {
    if (extra.size() != kernel.size() || extra[i] < 0 || extra[i] >= window.strides[i])
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{}: its output padding does not fit its strides", node.label()));
    int64_t& size = result.output[static_cast<int64_t>(i) + 2];
    size = (size - 1) * window.strides[i] + (kernel[i] - 1) * window.dilations[i] + 1 + extra[i] -
           window.pads_begin[i] - window.pads_end[i];
    if (size < 1)
      throw Error(ErrorKind::kCorruptInput, fmt::format("{}: its pads leave nothing", node.label()));
  }
  return result;
}

namespace {

ResolvedWindow pooling_window(Builder& builder, const ModelNode& node, ValueId x) {
  const Shape& shape = builder.shape(x);
  if (shape.rank() != 4 && shape.rank() != 5)
    reject(fmt::format("pooling of {}; 2-D and 3-D are taken", shape.to_string()));
  return resolve_window(node, shape, node.integers("kernel_shape"));
}

/// Whether some window along one spatial axis lies in the padding with all its taps.
bool has_empty_window(const Window& window, size_t i, int64_t size, int64_t outputs) {
  for (int64_t o = 0; o < outputs; ++o) {
    bool inside = false;
    for (int64_t k = 0; k < window.kernel[i] && !inside; ++k) {
      const int64_t at = o * window.strides[i] - window.pads_begin[i] + k * window.dilations[i];
      inside = at >= 0 && at < size;
    }
    if (!inside) return true;
  }
  return false;
}

}  // namespace

void lower_max_pool(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  ResolvedWindow resolved = pooling_window(builder, node, x);
  for (size_t i = 0; i < resolved.window.kernel.size(); ++i) {
    const auto axis = static_cast<int64_t>(i) + 2;
    if (has_empty_window(resolved.window, i, builder.shape(x)[axis], resolved.output[axis]))
      reject("padding as wide as the window: some windows would be empty");
  }
  builder.define(node.outputs.at(0), builder.emit(node, MaxPool{resolved.window}, {x}, resolved.output));
}

void lower_average_pool(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  ResolvedWindow resolved = pooling_window(builder, node, x);
  if (std::ranges::any_of(resolved.window.dilations, [](int64_t d) { return d != 1; })) {
    reject("average pooling with dilations");
  }
  AveragePool op;
  op.window = resolved.window;
  op.counted_end = resolved.counted_end;
  op.count =
      node.integer("count_include_pad", 0) != 0 ? AveragePool::Count::kPadding : AveragePool::Count::kInside;
  builder.define(node.outputs.at(0), builder.emit(node, std::move(op), {x}, resolved.output));
}

void lower_global_pool(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  Reduce op;
  op.kind = node.op == "GlobalMaxPool" ? Reduce::Kind::kMax : Reduce::Kind::kMean;
  Shape to = builder.shape(x);
  for (int64_t axis = 2; axis < to.rank(); ++axis) {
    op.axes.push_back(axis);
    to[axis] = 1;
  }
  builder.define(node.outputs.at(0), builder.emit(node, std::move(op), {x}, std::move(to)));
}

void lower_reduce(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  Reduce op;
  op.kind = node.op == "ReduceMax"   ? Reduce::Kind::kMax
            : node.op == "ReduceSum" ? Reduce::Kind::kSum
                                     : Reduce::Kind::kMean;
  Reduction over = resolve_reduction(node, builder.shape(x), builder.constant(node, 1));
  if (over.axes.empty()) {
    builder.define(node.outputs.at(0), x);
    return;
  }
  op.axes = std::move(over.axes);
  const ValueId reduced = builder.emit(node, std::move(op), {x}, std::move(over.kept));
  builder.define(node.outputs.at(0), builder.reshape(node, reduced, std::move(over.result)));
}

}  // namespace relevid::graph
