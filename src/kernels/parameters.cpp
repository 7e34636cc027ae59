// SPDX-License-Identifier: Apache-2.0
#include "kernels/parameters.h"

#include <fmt/format.h>

#include "relevid/error.h"

namespace relevid::kernels {

ParameterGradient zero_gradient(const Tensor* weight, const Tensor* bias, DType dtype) {
  if (!weight) throw Error(ErrorKind::kInternal, "an average or a sum has no parameters to train");
  return {Tensor(weight->shape(), dtype), Tensor(bias ? bias->shape() : Shape{0}, dtype)};
}

ProductSizes product_sizes(const Shape& a, const Shape& b) {
  if (a.rank() != 3 || b.rank() != 3 || a[0] != b[0] || a[2] != b[1]) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("no product of stacks of matrices {} and {}", a.to_string(), b.to_string()));
  }
  return {a[0], a[1], a[2], b[2]};
}

int64_t norm_channels(const Shape& input) {
  if (input.rank() < 2 || input.elements() == 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("batch normalisation needs an input [N, C, ...] with elements, not {}",
                            input.to_string()));
  }
  return input[1];
}

}  // namespace relevid::kernels
