// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "graph/model.h"

namespace relevid::graph {

// What `evaluate` is made of, by family; nothing where the operator is not of the family.

/// Element by element, and matrix products: computed in double for floating-point operands, in int64
/// otherwise.
std::optional<Tensor> evaluate_arithmetic(const ModelNode& node, std::span<const TensorRef> inputs);
/// ReduceMean, ReduceSum, ReduceMax and ReduceProd.
std::optional<Tensor> evaluate_reduction(const ModelNode& node, std::span<const TensorRef> inputs);

/// What a few bytes of a file can blow up to: far more than any model's masks and positions hold.
constexpr int64_t kMostElements = int64_t{1} << 26;
/// Throws Error(kResourceLimit) for a result of more than kMostElements.
void require_moderate(const ModelNode& node, const Shape& shape);

[[noreturn]] void throw_corrupt(const ModelNode& node, const std::string& what);
/// Input `index`, which must be there.
const Tensor& operand(const ModelNode& node, std::span<const TensorRef> inputs, size_t index);

}  // namespace relevid::graph
