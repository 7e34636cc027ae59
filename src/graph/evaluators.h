// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "graph/model.h"

namespace relevid::graph {

// What `evaluate` is made of, by family; nothing where the operator is not of the family.

/// Element by element, and matrix products: computed in double for floating-point operands, in int64
/// otherwise.
std::optional<Tensor> evaluate_arithmetic(const ModelNode& node, std::span<const TensorRef> inputs);
/// ReduceMean, ReduceSum, ReduceMax, ReduceMin and ReduceProd.
std::optional<Tensor> evaluate_reduction(const ModelNode& node, std::span<const TensorRef> inputs);

/// What only moves elements by constant indices: Tile, GatherND, ScatterND, GatherElements, ScatterElements,
/// Trilu, CumSum, NonZero.
std::optional<Tensor> evaluate_indexing(const ModelNode& node, std::span<const TensorRef> inputs);
/// Functions of single numbers, Softmax, Einsum.
std::optional<Tensor> evaluate_function(const ModelNode& node, std::span<const TensorRef> inputs);

/// DequantizeLinear, QuantizeLinear.
std::optional<Tensor> evaluate_quantised(const ModelNode& node, std::span<const TensorRef> inputs);

inline bool is_float(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64;
}
/// f(T{}, dtype) with the type that operands are computed in.
template <class F>
Tensor in_wide_type(bool floating, F&& f) {
  return floating ? std::forward<F>(f)(double{}, DType::kF64) : std::forward<F>(f)(int64_t{}, DType::kI64);
}

/// The operation, where integers wrap around: a file can hold any.
template <class Op>
auto wrapping(Op op) {
  return [op](auto a, auto b) {
    using T = decltype(a);
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(op(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
    else
      return op(a, b);
  };
}

/// x with its axes in another order.
Tensor with_order(const Tensor& x, const std::vector<int64_t>& permutation);
/// x repeated along axes of size 1, and new ones in front.
Tensor broadcast_to(const ModelNode& node, const Tensor& x, const Shape& shape);

/// What a few bytes of a file can blow up to: far more than any model's masks and positions hold.
constexpr int64_t kMostElements = int64_t{1} << 26;
/// Throws Error(kResourceLimit) for a result of more than kMostElements.
void require_moderate(const ModelNode& node, const Shape& shape);

[[noreturn]] void throw_corrupt(const ModelNode& node, const std::string& what);
/// Input `index`, which must be there.
const Tensor& operand(const ModelNode& node, std::span<const TensorRef> inputs, size_t index);

}  // namespace relevid::graph
