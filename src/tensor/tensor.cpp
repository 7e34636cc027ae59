// SPDX-License-Identifier: Apache-2.0
#include "relevid/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <type_traits>

#include "base/large_pages.h"
#include "relevid/error.h"

namespace relevid {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 40;

/// Calls f with a value of the C++ type that stands for `dtype`.
template <class F>
auto visit(DType dtype, F&& f) {
  switch (dtype) {
    case DType::kF32:
      return f(float{});
    case DType::kF64:
      return f(double{});
    case DType::kI64:
      return f(int64_t{});
    case DType::kI32:
      return f(int32_t{});
    case DType::kU8:
      return f(uint8_t{});
    case DType::kI8:
      return f(int8_t{});
    case DType::kBool:
      return f(bool{});
  }
  throw Error(ErrorKind::kInternal, "unknown tensor type");
}

/// A floating-point number becomes an integer by truncation, NaN 0, and what is out of range the nearest
/// integer there is; the language leaves these undefined.
template <class To, class From>
To convert(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To> && !std::is_same_v<To, bool>) {
    using Limits = std::numeric_limits<To>;
    if (std::isnan(value)) return 0;
    if (value <= static_cast<From>(Limits::min())) return Limits::min();
    if (value >= static_cast<From>(Limits::max())) return Limits::max();
  }
  return static_cast<To>(value);
}

/// Zeroed memory, null where there is not enough. The system hands out large blocks zeroed, and is asked for
/// large pages: a model's weights would take tens of thousands of small ones, at more time than their
/// reading.
std::byte* zeros(size_t bytes) {
  auto* block = static_cast<std::byte*>(std::calloc(std::max<size_t>(bytes, 1), 1));
  if (block) ask_for_large_pages(block, bytes);
  return block;
}

}  // namespace

int64_t Shape::elements() const {
  int64_t count = 1;  // of the sizes that are not zero, so that strides are bounded too
  bool empty = false;
  for (const int64_t dim : dims_) {
    if (dim < 0)
      throw Error(ErrorKind::kInvalidArgument, fmt::format("shape {} has a negative size", to_string()));
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (count > kMaxElements / dim) {
      throw Error(ErrorKind::kResourceLimit, fmt::format("shape {} is too large", to_string()));
    }
    count *= dim;
  }
  return empty ? 0 : count;
}

std::vector<int64_t> Shape::strides() const {
  elements();  // refuses sizes whose products overflow
  std::vector<int64_t> strides(dims_.size());
  int64_t stride = 1;
  for (size_t i = dims_.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims_[i];
  }
  return strides;
}

std::string Shape::to_string() const {
  return fmt::format("[{}]", fmt::join(dims_, ", "));
}

Shape broadcast(const Shape& a, const Shape& b) {
  const int64_t rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(static_cast<size_t>(rank));
  for (int64_t i = 0; i < rank; ++i) {
    const int64_t from_a = i < rank - a.rank() ? 1 : a[i - (rank - a.rank())];
    const int64_t from_b = i < rank - b.rank() ? 1 : b[i - (rank - b.rank())];
    if (from_a != from_b && from_a != 1 && from_b != 1) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("shapes {} and {} do not broadcast", a.to_string(), b.to_string()));
    }
    dims[static_cast<size_t>(i)] = from_a == 1 ? from_b : from_a;
  }
  return Shape(std::move(dims));
}

int64_t size_bytes(DType dtype) {
  return visit(dtype, [](auto value) { return static_cast<int64_t>(sizeof value); });
}

std::string_view name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "float32";
    case DType::kF64:
      return "float64";
    case DType::kI64:
      return "int64";
    case DType::kI32:
      return "int32";
    case DType::kU8:
      return "uint8";
    case DType::kI8:
      return "int8";
    case DType::kBool:
      return "bool";
  }
  return "?";
}

void Tensor::Free::operator()(std::byte* bytes) const {
  std::free(bytes);
}

Tensor::Tensor(Shape shape, DType dtype)
    : shape_(std::move(shape)),
      dtype_(dtype),
      elements_(shape_.elements()),
      bytes_(zeros(static_cast<size_t>(elements_ * size_bytes(dtype)))) {
  if (bytes_) return;
  throw Error(ErrorKind::kResourceLimit, fmt::format("not enough memory for a {} tensor of shape {}",
                                                     relevid::name(dtype_), shape_.to_string()));
}

Tensor Tensor::clone() const {
  Tensor copy(shape_, dtype_);
  std::ranges::copy(bytes(), copy.bytes().begin());
  return copy;
}

void Tensor::require(DType dtype) const {
  if (dtype == dtype_) return;
  throw Error(ErrorKind::kInternal,
              fmt::format("a {} tensor was read as {}", relevid::name(dtype_), relevid::name(dtype)));
}

void Tensor::require_elements(size_t count) const {
  if (static_cast<int64_t>(count) == elements_) return;
  throw Error(ErrorKind::kInternal,
              fmt::format("{} values were given for a tensor of shape {}", count, shape_.to_string()));
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return clone();
  Tensor result(shape_, dtype);
  visit(dtype_, [&](auto from) {
    visit(dtype, [&](auto to) {
      const auto source = values<decltype(from)>();
      const auto target = result.values<decltype(to)>();
      std::ranges::transform(source, target.begin(), [](auto value) { return convert<decltype(to)>(value); });
    });
  });
  return result;
}

Tensor Tensor::reshaped(Shape shape) && {
  if (shape.elements() != elements_) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("cannot reshape {} to {}", shape_.to_string(), shape.to_string()));
  }
  shape_ = std::move(shape);
  return std::move(*this);
}

std::vector<double> Tensor::as_doubles() const {
  std::vector<double> result;
  visit(dtype_, [&](auto value) {
    for (const auto v : values<decltype(value)>()) result.push_back(static_cast<double>(v));
  });
  return result;
}

std::vector<int64_t> Tensor::as_ints() const {
  std::vector<int64_t> result;
  visit(dtype_, [&](auto value) {
    for (const auto v : values<decltype(value)>()) result.push_back(convert<int64_t>(v));
  });
  return result;
}

}  // namespace relevid
