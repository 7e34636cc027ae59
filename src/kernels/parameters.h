// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/kernels.h"

namespace relevid::kernels {

/// Zeros in the shapes of a layer's weight and bias (which may be null). Throws Error(kInternal) where the
/// weight is null: averages and sums have no parameters.
ParameterGradient zero_gradient(const Tensor* weight, const Tensor* bias, DType dtype);

/// Sizes of a product of stacks [N, m, k] and [N, k, n]; Error(kInvalidArgument) where they do not fit.
struct ProductSizes {
  int64_t stack, rows, inner, columns;
};
ProductSizes product_sizes(const Shape& a, const Shape& b);

/// Channels of a norm's input; throws as Library::prepare_norm does.
int64_t norm_channels(const Shape& input);

}  // namespace relevid::kernels
