// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "kernels/kernels.h"

namespace relevid::kernels::reference {

/// Buffers here are row-major arrays of doubles.
inline Buffer allocate(const Shape& shape) {
  const auto count = static_cast<size_t>(std::max<int64_t>(shape.elements(), 1));
  return {shape,
          std::shared_ptr<void>(new double[count](), [](void* p) { delete[] static_cast<double*>(p); })};
}
inline std::span<double> values(Buffer& x) {
  return {x.data<double>(), static_cast<size_t>(x.shape().elements())};
}
inline std::span<const double> values(const Buffer& x) {
  return {x.data<double>(), static_cast<size_t>(x.shape().elements())};
}

std::unique_ptr<LinearMap> make_linear_map(Library& library, const LinearSpec& spec, const Shape& input,
                                           const Epilogue& epilogue);
std::unique_ptr<MaxMap> make_max_map(const MaxSpec& spec, const Shape& input);
std::unique_ptr<NormMap> make_norm(const Shape& input, double epsilon);
std::unique_ptr<ProductMap> make_product(const Shape& a, const Shape& b);
std::unique_ptr<AttentionMap> make_attention(const AttentionSpec& spec, const Shape& q, const Shape& k,
                                             const Shape& v);

}  // namespace relevid::kernels::reference
