// SPDX-License-Identifier: Apache-2.0
// What the lowering functions of several families share.
#pragma once

#include "graph/builder.h"
#include "graph/window.h"

namespace relevid::graph {

/// The constant in float32; null for null.
TensorRef as_float(const TensorRef& tensor);

[[noreturn]] void shapes_differ(const ModelNode& node, const Shape& input, const Shape& weight);

/// MatMul of two computed values.
void lower_product(Builder& builder, const ModelNode& node);

/// Element `to` of y is element indices[to] of x, along one axis.
ValueId emit_selection(Builder& builder, const ModelNode& node, ValueId x, int64_t axis,
                       const std::vector<int64_t>& indices);

}  // namespace relevid::graph
