// SPDX-License-Identifier: Apache-2.0
// What the lowering functions of several families share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/builder.h"
#include "graph/window.h"

namespace relevid::graph {

/// The constant in float32; null for null.
TensorRef as_float(const TensorRef& tensor);

[[noreturn]] void shapes_differ(const ModelNode& node, const Shape& input, const Shape& weight);

/// What an operator of ONNX does to single numbers; nothing where it does another thing.
std::optional<Activation> activation_of(const ModelNode& node);

/// MatMul of two computed values.
void lower_product(Builder& builder, const ModelNode& node);

/// A dense layer along the last axis, with its weight [out, in]; the bias may be null.
ValueId emit_dense(Builder& builder, const ModelNode& node, ValueId x, TensorRef weight, TensorRef bias);

/// The sum over x's axes that the result lacks of x times a float32 constant: y[result] = Σ x[of_x]
/// constant[of_constant]. Axes are named by letters; a letter names axes of one size, and none twice in an
/// operand. The clips of a batch stay apart.
ValueId emit_contraction(Builder& builder, const ModelNode& node, ValueId x, std::string of_x,
                         const Tensor& constant, std::string of_constant, const std::string& result);

/// x with its axes, that letters name, in another order.
ValueId emit_order(Builder& builder, const ModelNode& node, ValueId x, const std::string& labels,
                   const std::string& wanted);

/// x with an axis in another size, which the taps say; see Resample.
ValueId emit_resample(Builder& builder, const ModelNode& node, ValueId x, int64_t axis,
                      std::vector<AxisTap> taps);

/// Element `to` of y is element indices[to] of x, along one axis.
ValueId emit_selection(Builder& builder, const ModelNode& node, ValueId x, int64_t axis,
                       const std::vector<int64_t>& indices);

}  // namespace relevid::graph
