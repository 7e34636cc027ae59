// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// Sizes of a tensor's dimensions, outermost first. Rank 0 is a scalar with one element.
class Shape {
 public:
  Shape() = default;
  /// The sizes, outermost first.
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  /// The sizes, outermost first.
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  /// How many dimensions there are.
  int64_t rank() const { return static_cast<int64_t>(dims_.size()); }
  /// The size of a dimension; `axis` in [0, rank()), not checked.
  int64_t operator[](int64_t axis) const { return dims_[static_cast<size_t>(axis)]; }
  /// The size of a dimension; `axis` in [0, rank()), not checked.
  int64_t& operator[](int64_t axis) { return dims_[static_cast<size_t>(axis)]; }
  /// All sizes, outermost first.
  const std::vector<int64_t>& dims() const { return dims_; }
  /// The product of all sizes; 1 for a scalar.
  int64_t elements() const;
  /// Row-major strides in elements.
  std::vector<int64_t> strides() const;
  /// "[1, 3, 16, 112, 112]"
  std::string to_string() const;
  bool operator==(const Shape&) const = default;

 private:
  std::vector<int64_t> dims_;
};

/// The shape both operands broadcast to by NumPy's rules. Throws Error(kInvalidArgument) where they do not.
Shape broadcast(const Shape& a, const Shape& b);

/// The type of the values: floating point, integers with and without sign, truth values.
enum class DType { kF32, kF64, kI64, kI32, kU8, kI8, kBool };
/// Of one value.
int64_t size_bytes(DType dtype);
/// "f32", "f64", "i64", "i32", "u8", "i8", "bool"
std::string_view name(DType dtype);

/// The DType of a C++ type.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>) return DType::kF32;
  if constexpr (std::is_same_v<T, double>) return DType::kF64;
  if constexpr (std::is_same_v<T, int64_t>) return DType::kI64;
  if constexpr (std::is_same_v<T, int32_t>) return DType::kI32;
  if constexpr (std::is_same_v<T, uint8_t>) return DType::kU8;
  if constexpr (std::is_same_v<T, int8_t>) return DType::kI8;
  if constexpr (std::is_same_v<T, bool>) return DType::kBool;
}

/// A dense row-major array that owns its values. Moves freely; copies are explicit (clone()).
class Tensor {
 public:
  Tensor() = default;
  /// Zero-filled. Throws Error(kInvalidArgument) for negative sizes, Error(kResourceLimit) for absurd ones.
  Tensor(Shape shape, DType dtype);
  /// Throws Error(kInternal) where the shape holds another number of elements than there are values.
  template <class T>
  static Tensor from(Shape shape, const std::vector<T>& values);

  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;
  /// A copy with values of its own.
  Tensor clone() const;

  /// Sizes, outermost first.
  const Shape& shape() const { return shape_; }
  /// The type of the values.
  DType dtype() const { return dtype_; }
  /// How many values there are.
  int64_t elements() const { return elements_; }
  /// The values as they lie in memory: C order, native byte order.
  std::span<std::byte> bytes() { return {bytes_.get(), static_cast<size_t>(elements_ * size_bytes(dtype_))}; }
  /// The values as they lie in memory: C order, native byte order.
  std::span<const std::byte> bytes() const {
    return {bytes_.get(), static_cast<size_t>(elements_ * size_bytes(dtype_))};
  }

  /// The values; T must be the tensor's own type, otherwise Error(kInternal).
  template <class T>
  std::span<T> values() {
    require(dtype_of<T>());
    return {reinterpret_cast<T*>(bytes_.get()), static_cast<size_t>(elements_)};
  }
  /// The values; T must be the tensor's own type, otherwise Error(kInternal).
  template <class T>
  std::span<const T> values() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(bytes_.get()), static_cast<size_t>(elements_)};
  }

  /// The values in another type. Floating point to integer truncates and saturates; NaN becomes 0.
  Tensor cast(DType dtype) const;
  /// The same values under another shape with as many elements.
  Tensor reshaped(Shape shape) &&;
  /// Any numeric tensor as doubles or as int64s, for small tensors (attributes, labels).
  std::vector<double> as_doubles() const;
  /// Any numeric tensor as int64s; floating point truncates.
  std::vector<int64_t> as_ints() const;

 private:
  void require(DType dtype) const;
  void require_elements(size_t count) const;

  struct Free {
    void operator()(std::byte* bytes) const;
  };

  Shape shape_{0};
  DType dtype_ = DType::kF32;
  int64_t elements_ = 0;
  std::unique_ptr<std::byte[], Free> bytes_;
};

template <class T>
Tensor Tensor::from(Shape shape, const std::vector<T>& values) {
  Tensor tensor(std::move(shape), dtype_of<T>());
  tensor.require_elements(values.size());
  const auto target = tensor.values<T>();
  for (size_t i = 0; i < target.size(); ++i) target[i] = values[i];
  return tensor;
}

}  // namespace relevid
