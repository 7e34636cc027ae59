// SPDX-License-Identifier: Apache-2.0
#include "kernels/parameters.h"
#include "kernels/reference/reference.h"

namespace relevid::kernels::reference {
namespace {

class ReferenceProduct final : public ProductMap {
 public:
  ReferenceProduct(const Shape& a, const Shape& b) : sizes_(product_sizes(a, b)), a_(a), b_(b) {}

  Buffer forward(const Buffer& a, const Buffer& b) override {
    Buffer c = allocate(Shape{sizes_.stack, sizes_.rows, sizes_.columns});
    for_each([&](size_t i, size_t j, size_t k) { values(c)[k] += values(a)[i] * values(b)[j]; });
    return c;
  }
  Buffer by_left(const Buffer& s, const Buffer& b) override {
    Buffer left = allocate(a_);
    for_each([&](size_t i, size_t j, size_t k) { values(left)[i] += values(s)[k] * values(b)[j]; });
    return left;
  }
  Buffer by_right(const Buffer& a, const Buffer& s) override {
    Buffer right = allocate(b_);
    for_each([&](size_t i, size_t j, size_t k) { values(right)[j] += values(a)[i] * values(s)[k]; });
    return right;
  }

 private:
  /// f(i, j, k) for every term a[i] b[j] of c[k].
  template <class F>
  void for_each(F&& f) const {
    for (int64_t n = 0; n < sizes_.stack; ++n)
      for (int64_t row = 0; row < sizes_.rows; ++row)
        for (int64_t inner = 0; inner < sizes_.inner; ++inner)
          for (int64_t column = 0; column < sizes_.columns; ++column)
            f(static_cast<size_t>((n * sizes_.rows + row) * sizes_.inner + inner),
              static_cast<size_t>((n * sizes_.inner + inner) * sizes_.columns + column),
              static_cast<size_t>((n * sizes_.rows + row) * sizes_.columns + column));
  }

  ProductSizes sizes_;
  Shape a_, b_;
};

}  // namespace

std::unique_ptr<ProductMap> make_product(const Shape& a, const Shape& b) {
  return std::make_unique<ReferenceProduct>(a, b);
}

}  // namespace relevid::kernels::reference
