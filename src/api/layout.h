// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/preprocessing.h"
#include "relevid/tensor.h"

namespace relevid {

/// A tensor in the model's layout as [N, C, T, H, W].
Tensor to_ncthw(const Tensor& tensor, ClipLayout layout);

/// The inverse.
Tensor from_ncthw(const Tensor& tensor, ClipLayout layout);
/// A shape in the model's layout as [N, C, T, H, W].
Shape ncthw_shape(const Shape& shape, ClipLayout layout);

/// Copies `item` [1, ...] to place `index` of `all` [N, ...].
void put_item(Tensor& all, int64_t index, const Tensor& item);

}  // namespace relevid
