// SPDX-License-Identifier: Apache-2.0
// Sums of products of a computed value and a constant, whatever axes they have: as a dense layer, as a
// grouped convolution of size 1, or as factors.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "graph/builder.h"
#include "graph/evaluators.h"
#include "graph/lower_parts.h"
#include "relevid/error.h"

namespace relevid::graph {
namespace {

/// The name of an axis of clips, which no equation has.
constexpr char kClips = '*';

bool has(const std::string& names, char name) {
  return names.find(name) != std::string::npos;
}

/// A float32 constant whose axes have names.
class NamedConstant {
 public:
  NamedConstant(const Tensor& tensor, std::string names)
      : tensor_(tensor.clone()), names_(std::move(names)) {}

  const std::string& names() const { return names_; }
  const Shape& shape() const { return tensor_.shape(); }

  /// Sums over an axis, which goes.
  void sum(char name) {
    const Lines lines = along(name);
    Tensor result(without(name), DType::kF32);
    for (int64_t o = 0; o < lines.outer; ++o) {
      for (int64_t k = 0; k < lines.inner; ++k) {
        double sum = 0;
        for (int64_t i = 0; i < lines.size; ++i) sum += at(lines, o, i, k);
        result.values<float>()[static_cast<size_t>(o * lines.inner + k)] = static_cast<float>(sum);
      }
    }
    replace(name, std::move(result));
  }

  /// Where an axis repeats its first `period` entries, these alone stay; with one the axis goes. Whether it
  /// does.
  bool keep_period(char name, int64_t period) {
    const Lines lines = along(name);
    for (int64_t o = 0; o < lines.outer; ++o) {
      for (int64_t i = period; i < lines.size; ++i) {
        for (int64_t k = 0; k < lines.inner; ++k) {
          if (at(lines, o, i, k) != at(lines, o, i - period, k)) return false;
        }
      }
    }
    Shape kept = tensor_.shape();
    kept[static_cast<int64_t>(names_.find(name))] = period;
    Tensor result(kept, DType::kF32);
    for (int64_t o = 0; o < lines.outer; ++o) {
      for (int64_t i = 0; i < period * lines.inner; ++i)
        result.values<float>()[static_cast<size_t>(o * period * lines.inner + i)] =
            tensor_.values<float>()[static_cast<size_t>(o * lines.size * lines.inner + i)];
    }
    if (period == 1)
      replace(name, std::move(result).reshaped(without(name)));
    else
      tensor_ = std::move(result);
    return true;
  }

  /// Its values with the axes in this order, as a tensor of `shape`.
  TensorRef ordered(const std::string& order, Shape shape) const {
    std::vector<int64_t> permutation;
    for (const char name : order) permutation.push_back(static_cast<int64_t>(names_.find(name)));
    return share(with_order(tensor_, permutation).reshaped(std::move(shape)));
  }

 private:
  /// The tensor as [outer, size, inner], size being that of an axis.
  struct Lines {
    int64_t outer = 1, size = 1, inner = 1;
  };
  Lines along(char name) const {
    Lines lines;
    const auto axis = static_cast<int64_t>(names_.find(name));
    for (int64_t i = 0; i < tensor_.shape().rank(); ++i)
      (i < axis ? lines.outer : i == axis ? lines.size : lines.inner) *= tensor_.shape()[i];
    return lines;
  }
  double at(const Lines& lines, int64_t o, int64_t i, int64_t k) const {
    return tensor_.values<float>()[static_cast<size_t>((o * lines.size + i) * lines.inner + k)];
  }
  Shape without(char name) const {
    std::vector<int64_t> dims = tensor_.shape().dims();
    dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(names_.find(name)));
    return Shape(std::move(dims));
  }
  void replace(char name, Tensor tensor) {
    tensor_ = std::move(tensor);
    names_.erase(names_.find(name), 1);
  }

  Tensor tensor_;
  std::string names_;
};

class Contraction {
 public:
  Contraction(Builder& builder, const ModelNode& node, ValueId x, std::string of_x, NamedConstant constant,
              std::string result)
      : builder_(builder),
        node_(node),
        x_(x),
        of_x_(std::move(of_x)),
        constant_(std::move(constant)),
        result_(std::move(result)) {
    note_sizes(of_x_, builder.shape(x));
    note_sizes(constant_.names(), constant_.shape());
  }

  ValueId emit() && {
    drop_what_is_summed();
    const Shape wanted = shape_of(result_);
    split_off_clips();
    group_axes();
    if (inner_.empty() && columns_.empty()) return finish(emit_factors(), of_x_, wanted);
    if (stack_.empty()) return finish(emit_matrix(), outer_ + rows_ + columns_, wanted);
    return finish(emit_matrices(), outer_ + stack_ + columns_ + rows_, wanted);
  }

 private:
  void note_sizes(const std::string& names, const Shape& shape) {
    if (shape.rank() != std::ssize(names)) shapes_differ(node_, builder_.shape(x_), constant_.shape());
    for (size_t i = 0; i < names.size(); ++i) {
      const int64_t size = shape[static_cast<int64_t>(i)];
      if (sizes_.try_emplace(names[i], size).first->second != size)
        shapes_differ(node_, builder_.shape(x_), constant_.shape());
    }
  }
  Shape shape_of(const std::string& names) const {
    std::vector<int64_t> dims;
    for (const char name : names) dims.push_back(sizes_.at(name));
    return Shape(std::move(dims));
  }
  int64_t elements(const std::string& names) const { return shape_of(names).elements(); }

  /// Axes that one operand has alone and the result lacks; and axes along which the constant is the same.
  void drop_what_is_summed() {
    for (const char name : std::string(constant_.names())) {
      if (has(of_x_, name) ? has(result_, name) && constant_.keep_period(name, 1) : has(result_, name))
        continue;
      if (!has(of_x_, name)) constant_.sum(name);
    }
    Reduce sum{Reduce::Kind::kSum, {}};
    Shape kept = builder_.shape(x_);
    std::string left;
    for (size_t i = 0; i < of_x_.size(); ++i) {
      if (has(result_, of_x_[i]) || has(constant_.names(), of_x_[i])) {
        left += of_x_[i];
        continue;
      }
      const auto axis = static_cast<int64_t>(i);
      if (axis == 0 && builder_.clips() > 1) reject("a sum over the clips of a batch");
      if (kept[axis] != 1) sum.axes.push_back(axis);
      kept[axis] = 1;
    }
    if (!sum.axes.empty()) x_ = builder_.emit(node_, std::move(sum), {x_}, std::move(kept));
    of_x_ = std::move(left);
    x_ = builder_.reshape(node_, x_, shape_of(of_x_));
  }

  /// Makes axis 0 one that the constant lacks, so that whatever comes of it has the clips there too.
  void split_off_clips() {
    if (!of_x_.empty() && has(result_, of_x_[0]) && !has(constant_.names(), of_x_[0])) {
      outer_ = of_x_.substr(0, 1);
      return;
    }
    const int64_t clips = builder_.clips();
    outer_ = std::string(1, kClips);
    sizes_[kClips] = clips;
    size_t at = 0;
    if (clips > 1) {
      const char first = of_x_.empty() ? kClips : of_x_[0];
      const int64_t size = sizes_.at(first);
      if (!has(result_, first)) reject("a sum over the clips of a batch");
      if (size % clips != 0 || !constant_.keep_period(first, size / clips))
        reject("a constant that differs between the clips of a batch");
      sizes_[first] = size / clips;
      at = result_.find(first);
    }
    result_.insert(at, outer_);
    of_x_ = outer_ + of_x_;
    x_ = builder_.reshape(node_, x_, shape_of(of_x_));
  }

  void group_axes() {
    for (const char name : of_x_) {
      if (name == outer_[0]) continue;
      if (!has(constant_.names(), name))
        rows_ += name;
      else
        (has(result_, name) ? stack_ : inner_) += name;
    }
    for (const char name : constant_.names()) {
      if (!has(of_x_, name)) columns_ += name;
    }
  }

  ValueId emit_factors() {
    std::string common;
    Shape spread = builder_.shape(x_);
    for (size_t i = 0; i < of_x_.size(); ++i) {
      if (has(constant_.names(), of_x_[i]))
        common += of_x_[i];
      else
        spread[static_cast<int64_t>(i)] = 1;
    }
    TensorRef scale = constant_.ordered(common, spread);
    TensorRef shift = share(Tensor(std::move(spread), DType::kF32));
    return builder_.emit(node_, Affine{std::move(scale), std::move(shift)}, {x_}, builder_.shape(x_));
  }

  ValueId emit_matrix() {
    std::vector<int64_t> dims = shape_of(outer_ + rows_).dims();
    dims.push_back(elements(inner_));
    const ValueId rows = builder_.reshape(
        node_, emit_order(builder_, node_, x_, of_x_, outer_ + rows_ + inner_), Shape(std::move(dims)));
    TensorRef weight = constant_.ordered(columns_ + inner_, Shape{elements(columns_), elements(inner_)});
    return emit_dense(builder_, node_, rows, std::move(weight), nullptr);
  }

  /// A matrix for every position of the stack: groups of a convolution.
  ValueId emit_matrices() {
    const int64_t outer = elements(outer_), groups = elements(stack_), inner = elements(inner_),
                  columns = elements(columns_), rows = elements(rows_);
    const ValueId channels =
        builder_.reshape(node_, emit_order(builder_, node_, x_, of_x_, outer_ + stack_ + inner_ + rows_),
                         Shape{outer, groups * inner, 1, rows});
    const std::vector<int64_t> ones(2, 1), zeros(2, 0);
    Convolution op{{ones, ones, ones, zeros, zeros}, groups, nullptr, nullptr};
    op.weight = constant_.ordered(stack_ + columns_ + inner_, Shape{groups * columns, inner, 1, 1});
    return builder_.emit(node_, std::move(op), {channels}, Shape{outer, groups * columns, 1, rows});
  }

  ValueId finish(ValueId y, const std::string& names, const Shape& wanted) {
    y = builder_.reshape(node_, y, shape_of(names));
    return builder_.reshape(node_, emit_order(builder_, node_, y, names, result_), wanted);
  }

  Builder& builder_;
  const ModelNode& node_;
  ValueId x_;
  std::string of_x_;
  NamedConstant constant_;
  std::string result_;
  std::map<char, int64_t> sizes_;
  /// Axis 0, and the others: of both operands and the result, of both alone, of x, of the constant.
  std::string outer_, stack_, inner_, rows_, columns_;
};

}  // namespace

ValueId emit_order(Builder& builder, const ModelNode& node, ValueId x, const std::string& labels,
                   const std::string& wanted) {
  std::vector<int64_t> permutation;
  for (const char label : wanted) permutation.push_back(static_cast<int64_t>(labels.find(label)));
  return builder.transpose(node, x, std::move(permutation));
}

ValueId emit_contraction(Builder& builder, const ModelNode& node, ValueId x, std::string of_x,
                         const Tensor& constant, std::string of_constant, const std::string& result) {
  require_finite(node, constant, "constant");
  NamedConstant named(constant, std::move(of_constant));
  return Contraction(builder, node, x, std::move(of_x), std::move(named), result).emit();
}

}  // namespace relevid::graph
