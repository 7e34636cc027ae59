// SPDX-License-Identifier: Apache-2.0
// Tile, and what picks or writes by constant indices: GatherND, GatherElements, ScatterND.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluate.h"
#include "graph/evaluators.h"
#include "graph/lower_parts.h"
#include "graph/strided.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// Where the clips' axis of a computed value is, as far as its last transposition says.
int64_t axis_of_clips(const Builder& builder, ValueId x) {
  const Node* writer = builder.writer(x);
  const auto* transpose = writer ? std::get_if<Transpose>(&writer->op) : nullptr;
  if (!transpose) return 0;
  return std::ranges::find(transpose->permutation, 0) - transpose->permutation.begin();
}

/// Axis `axis` in front, the others after it in their order.
std::vector<int64_t> in_front(int64_t axis, int64_t rank) {
  std::vector<int64_t> order = {axis};
  for (int64_t i = 0; i < rank; ++i) {
    if (i != axis) order.push_back(i);
  }
  return order;
}

std::vector<int64_t> inverse(const std::vector<int64_t>& permutation) {
  std::vector<int64_t> result(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i)
    result[static_cast<size_t>(permutation[i])] = static_cast<int64_t>(i);
  return result;
}

/// Rows by constant indices such that the clips of a batch stay apart. A tensor of rows, [axes..., row...],
/// is seen as [clips, rows, row], and the same rows are meant for every clip.
class RowView {
 public:
  /// `clips_at`: the place of the clips' axis within a row, or negative where it is the first of the axes
  /// before.
  RowView(Builder& builder, const ModelNode& node, const RowSelection& selection, int64_t clips_at)
      : builder_(builder), node_(node), row_(selection.row), rows_(selection.rows), clips_at_(clips_at) {
    outer_ = clips_at_ >= 0 ? row_[clips_at_] : builder.clips();
    count_ = selection.count;
    if (clips_at_ < 0) use_first_clip();
  }

  int64_t outer() const { return outer_; }
  /// Rows there are, and the indices into them, of one clip.
  int64_t count() const { return count_; }
  const std::vector<int64_t>& rows() const { return rows_; }
  int64_t row_elements() const { return row_.elements() / (clips_at_ >= 0 ? outer_ : 1); }

  /// [axes..., row...] as [clips, rows, row].
  ValueId split(ValueId x) {
    const Shape& shape = builder_.shape(x);
    if (clips_at_ >= 0)
      x = builder_.transpose(node_, x, in_front(shape.rank() - row_.rank() + clips_at_, shape.rank()));
    const int64_t rows = shape.elements() / (outer_ * row_elements());
    return builder_.reshape(node_, x, Shape{outer_, rows, row_elements()});
  }
  Tensor split(const Tensor& x) const {
    const Shape& shape = x.shape();
    Tensor moved = clips_at_ < 0
                       ? x.clone()
                       : with_order(x, in_front(shape.rank() - row_.rank() + clips_at_, shape.rank()));
    const int64_t rows = shape.elements() / (outer_ * row_elements());
    return std::move(moved).reshaped(Shape{outer_, rows, row_elements()});
  }
  /// Back from there, to `shape`.
  ValueId merge(ValueId y, const Shape& shape) {
    if (clips_at_ < 0) return builder_.reshape(node_, y, shape);
    const auto order = in_front(shape.rank() - row_.rank() + clips_at_, shape.rank());
    std::vector<int64_t> dims;
    for (const int64_t axis : order) dims.push_back(shape[axis]);
    return builder_.transpose(node_, builder_.reshape(node_, y, Shape(std::move(dims))), inverse(order));
  }

 private:
  void use_first_clip() {
    const int64_t picked = std::ssize(rows_) / outer_, count = count_ / outer_;
    bool same = picked * outer_ == std::ssize(rows_) && count * outer_ == count_;
    for (size_t i = 0; same && i < rows_.size(); ++i) {
      const auto within = static_cast<int64_t>(i) % picked, clip = static_cast<int64_t>(i) / picked;
      same = rows_[i] == clip * count + rows_[static_cast<size_t>(within)];
    }
    if (!same) reject("indices that differ between the clips of a batch");
    rows_.resize(static_cast<size_t>(picked));
    count_ = count;
  }

  Builder& builder_;
  const ModelNode& node_;
  Shape row_;
  std::vector<int64_t> rows_;
  int64_t clips_at_, outer_ = 1, count_ = 1;
};

bool is_a_run(const std::vector<int64_t>& rows) {
  for (size_t i = 1; i < rows.size(); ++i) {
    if (rows[i] != rows[i - 1] + 1) return false;
  }
  return !rows.empty();
}

/// Rows `begin` up to `end` of [clips, rows, row].
ValueId emit_rows(Builder& builder, const ModelNode& node, ValueId x, int64_t begin, int64_t end) {
  Shape shape = builder.shape(x);
  if (begin == 0 && end == shape[1]) return x;
  shape[1] = end - begin;
  return builder.emit(node, Slice{{0, begin, 0}, {1, 1, 1}}, {x}, std::move(shape));
}

ValueId pick_rows(Builder& builder, const ModelNode& node, ValueId x, const RowSelection& selection,
                  int64_t clips_at, const Shape& to) {
  if (selection.rows.empty()) throw_corrupt(node, "nothing is picked");
  RowView view(builder, node, selection, clips_at);
  const ValueId rows = view.split(x);
  const ValueId picked = is_a_run(view.rows())
                             ? emit_rows(builder, node, rows, view.rows().front(), view.rows().back() + 1)
                             : emit_selection(builder, node, rows, 1, view.rows());
  return view.merge(picked, to);
}

/// What a ScatterND does, over rows of [clips, rows, row].
class Scatter {
 public:
  Scatter(Builder& builder, const ModelNode& node, RowView& view)
      : builder_(builder), node_(node), view_(view), adds_(node.text("reduction", "none") == "add") {
    writers_.resize(static_cast<size_t>(view.count()));
    for (size_t i = 0; i < view.rows().size(); ++i) {
      auto& writers = writers_[static_cast<size_t>(view.rows()[i])];
      if (!adds_) writers.clear();  // the last one stays
      writers.push_back(static_cast<int64_t>(i));
    }
  }

  ValueId computed_into_computed(ValueId data, ValueId updates) {
    const Shape shape = builder_.shape(data);
    if (adds_) return builder_.emit(node_, Add{}, {data, spread(updates)}, shape);
    const auto& rows = view_.rows();
    if (!is_a_run(rows)) {
      std::vector<int64_t> from;  // of the data's rows, and the updates' after them
      for (size_t i = 0; i < writers_.size(); ++i)
        from.push_back(writers_[i].empty() ? static_cast<int64_t>(i) : view_.count() + writers_[i][0]);
      Shape both = shape;
      both[1] += builder_.shape(updates)[1];
      const ValueId all = builder_.emit(node_, Concat{1}, {data, updates}, std::move(both));
      return emit_selection(builder_, node_, all, 1, from);
    }
    std::vector<ValueId> parts;
    if (rows.front() > 0) parts.push_back(emit_rows(builder_, node_, data, 0, rows.front()));
    parts.push_back(updates);
    if (rows.back() + 1 < shape[1])
      parts.push_back(emit_rows(builder_, node_, data, rows.back() + 1, shape[1]));
    return parts.size() == 1 ? updates : builder_.emit(node_, Concat{1}, std::move(parts), shape);
  }

  ValueId computed_into_constant(Tensor data, ValueId updates) {
    each_row(data, [&](float* row, const std::vector<int64_t>& writers) {
      if (!adds_ && !writers.empty()) std::fill_n(row, view_.row_elements(), 0.0F);
    });
    return with_shift(spread(updates), std::move(data));
  }

  ValueId constant_into_computed(ValueId data, const Tensor& updates) {
    Tensor shift(builder_.shape(data), DType::kF32), mask(Shape{1, view_.count(), 1}, DType::kF32);
    for (size_t i = 0; i < writers_.size(); ++i)
      mask.values<float>()[i] = adds_ || writers_[i].empty() ? 1 : 0;
    const auto size = static_cast<size_t>(view_.row_elements());
    int64_t clip = -1;
    each_row(shift, [&](float* row, const std::vector<int64_t>& writers) {
      if (&writers == &writers_[0]) ++clip;
      for (const int64_t writer : writers) {
        const auto from = static_cast<size_t>(clip * std::ssize(view_.rows()) + writer) * size;
        for (size_t k = 0; k < size; ++k) row[k] += updates.values<float>()[from + k];
      }
    });
    require_finite(node_, shift, "update");
    return builder_.emit(node_, Affine{share(std::move(mask)), share(std::move(shift))}, {data},
                         builder_.shape(data));
  }

 private:
  /// f(row, its writers) for the rows of every clip.
  template <class F>
  void each_row(Tensor& rows, F&& f) {
    float* row = rows.values<float>().data();
    for (int64_t clip = 0; clip < view_.outer(); ++clip) {
      for (const auto& writers : writers_) {
        f(row, writers);
        row += view_.row_elements();
      }
    }
  }

  /// Updates at their rows, or the sum of those of a row, and zeros elsewhere.
  ValueId spread(ValueId updates) {
    const auto& rows = view_.rows();
    if (is_a_run(rows)) {
      Shape to = builder_.shape(updates);
      to[1] = view_.count();
      if (to == builder_.shape(updates)) return updates;
      return builder_.emit(node_, Pad{{0, rows.front(), 0}, {0, to[1] - rows.back() - 1, 0}, 0}, {updates},
                           to);
    }
    std::vector<AxisTap> taps;
    for (size_t i = 0; i < writers_.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      for (const int64_t writer : writers_[i]) taps.push_back({row, writer, 1});
      if (writers_[i].empty()) taps.push_back({row, 0, 0});
    }
    return emit_resample(builder_, node_, updates, 1, std::move(taps));
  }

  ValueId with_shift(ValueId x, Tensor shift) {
    require_finite(node_, shift, "data");
    if (std::ranges::all_of(shift.values<float>(), [](float v) { return v == 0; })) return x;
    TensorRef factor = share(Tensor::from(Shape{1, 1, 1}, std::vector<float>{1}));
    return builder_.emit(node_, Affine{std::move(factor), share(std::move(shift))}, {x}, builder_.shape(x));
  }

  Builder& builder_;
  const ModelNode& node_;
  RowView& view_;
  bool adds_;
  std::vector<std::vector<int64_t>> writers_;  ///< of every row
};

}  // namespace

void lower_tile(Builder& builder, const ModelNode& node) {
  ValueId x = builder.value(node, 0);
  const TensorRef repeats = builder.constant(node, 1);
  if (!repeats) throw_corrupt(node, "no repeats are given");
  const auto counts = resolve_repeats(node, builder.shape(x), *repeats);
  constexpr int64_t kMost = int64_t{1} << 28;
  int64_t elements = builder.shape(x).elements();
  for (const int64_t count : counts) {
    if (count > 0 && elements > kMost / count)
      throw Error(ErrorKind::kResourceLimit,
                  fmt::format("{}: {} repeats of {}", node.label(), count, builder.shape(x).to_string()));
    elements *= count;
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto axis = static_cast<int64_t>(i);
    const int64_t size = builder.shape(x)[axis], count = counts[i];
    if (count == 1) continue;
    std::vector<int64_t> indices;
    for (int64_t k = 0; k < count * size; ++k) indices.push_back(k % size);
    x = emit_selection(builder, node, x, axis, indices);
  }
  builder.define(node.outputs.at(0), x);
}

void lower_gather_nd(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef indices = builder.constant(node, 1);
  if (!indices) throw_corrupt(node, "no indices are given");
  const Shape& from = builder.shape(x);
  const RowSelection selection = resolve_rows(node, from, *indices, node.integer("batch_dims", 0));
  std::vector<int64_t> dims = selection.selected.dims();
  dims.insert(dims.end(), selection.row.dims().begin(), selection.row.dims().end());
  const int64_t clips_at = axis_of_clips(builder, x) - (from.rank() - selection.row.rank());
  builder.define(node.outputs.at(0),
                 pick_rows(builder, node, x, selection, clips_at, Shape(std::move(dims))));
}

void lower_gather_elements(Builder& builder, const ModelNode& node) {
  const ValueId x = builder.value(node, 0);
  const TensorRef indices = builder.constant(node, 1);
  if (!indices) throw_corrupt(node, "no indices are given");
  const Shape& from = builder.shape(x);
  const int64_t axis = resolve_axis(node, node.integer("axis", 0), from.rank());
  const RowSelection selection{
      resolve_elements(node, from, *indices, axis), from.elements(), indices->shape(), {}};
  builder.define(node.outputs.at(0), pick_rows(builder, node, x, selection, -1, indices->shape()));
}

void lower_scatter_nd(Builder& builder, const ModelNode& node) {
  const std::string reduction = node.text("reduction", "none");
  if (reduction != "none" && reduction != "add")
    reject(fmt::format("reduction '{}'; none and add are taken", reduction));
  const TensorRef indices = builder.constant(node, 1);
  if (!indices || node.inputs.size() != 3) throw_corrupt(node, "three inputs are needed");
  const Shape shape = builder.shape(node, 0);
  const RowSelection selection = resolve_rows(node, shape, *indices, 0);
  const int64_t before = shape.rank() - selection.row.rank();  // axes before a row
  std::vector<int64_t> dims = selection.selected.dims();
  dims.insert(dims.end(), selection.row.dims().begin(), selection.row.dims().end());
  if (builder.shape(node, 2) != Shape(dims))
    throw_corrupt(node, fmt::format("updates {} are not {}", builder.shape(node, 2).to_string(),
                                    Shape(dims).to_string()));
  const bool data_is_constant = builder.is_constant(node.inputs[0]),
             updates_are_constant = builder.is_constant(node.inputs[2]);
  const int64_t clips_at = data_is_constant
                               ? axis_of_clips(builder, builder.value(node, 2)) - selection.selected.rank()
                               : axis_of_clips(builder, builder.value(node, 0)) - before;
  RowView view(builder, node, selection, clips_at);
  Scatter scatter(builder, node, view);
  ValueId y = -1;
  if (data_is_constant)
    y = scatter.computed_into_constant(view.split(*as_float(builder.constant(node, 0))),
                                       view.split(builder.value(node, 2)));
  else if (updates_are_constant)
    y = scatter.constant_into_computed(view.split(builder.value(node, 0)),
                                       view.split(*as_float(builder.constant(node, 2))));
  else
    y = scatter.computed_into_computed(view.split(builder.value(node, 0)),
                                       view.split(builder.value(node, 2)));
  builder.define(node.outputs.at(0), view.merge(y, shape));
}

}  // namespace relevid::graph
