// SPDX-License-Identifier: Apache-2.0
// What is made of a library's own operations, and therefore the same on every one. Each borrows its library.
#pragma once

#include <memory>
#include <vector>

#include "kernels/kernels.h"

namespace relevid::kernels {

/// Softmax along one axis, prepared for one input shape.
class SoftmaxMap {
 public:
  SoftmaxMap(Library& library, const Shape& input, int64_t axis);
  Buffer forward(const Buffer& x);
  /// Gradient of Σ g forward(x) by x: y (g - Σ g y).
  Buffer gradient(const Buffer& y, const Buffer& g);
  /// Relevance of x: x (r - y Σ r), the Taylor decomposition at x of AttnLRP (Achtibat et al. 2024, arXiv
  /// 2402.05602, proposition 3.1). It does not conserve: what it leaves out is the decomposition's bias.
  Buffer relevance(const Buffer& x, const Buffer& y, const Buffer& r);

 private:
  Buffer total(const Buffer& x) { return sum_->apply(x, {}, {}); }

  Library& library_;
  std::unique_ptr<MaxMap> largest_;
  std::unique_ptr<LinearMap> sum_;
};

/// Any axes, any scale and shift (Ba et al. 2016, arXiv 1607.06450, equation 3; Ulyanov et al. 2016, arXiv
/// 1607.08022, equation 4).
std::unique_ptr<StandardiseMap> make_composed_standardise(Library& library, const StandardiseSpec& spec,
                                                          const Shape& input);

/// max(x, 0) + slope min(x, 0), and the gradient of Σ g of it by x.
Buffer prelu(Library& library, const Buffer& x, const Buffer& slope);
Buffer prelu_gradient(Library& library, const Buffer& x, const Buffer& g, const Buffer& slope);

/// The adjoint of a convolution of the library's, as a linear map of its own.
std::unique_ptr<LinearMap> make_transposed_convolution(Library& library,
                                                       const TransposedConvolutionSpec& spec,
                                                       const Shape& input, const Epilogue& epilogue);

}  // namespace relevid::kernels
