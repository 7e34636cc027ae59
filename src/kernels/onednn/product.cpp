// SPDX-License-Identifier: Apache-2.0
#include <dnnl.hpp>

#include "kernels/onednn/device.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

/// A stack of matrices as it lies in memory (rank 3 is never blocked), or the same read as transposed.
memory::desc stack_desc(int64_t stack, int64_t rows, int64_t columns) {
  return {{stack, rows, columns}, memory::data_type::f32, memory::format_tag::abc};
}
memory::desc transposed_desc(int64_t stack, int64_t rows, int64_t columns) {
  return {{stack, columns, rows}, memory::data_type::f32, memory::format_tag::acb};
}

class Product final : public ProductMap {
 public:
  Product(Device& device, const Shape& a, const Shape& b) : device_(device), a_(a), b_(b) {
    const auto [stack, rows, inner, columns] = product_sizes(a, b);
    c_ = Shape{stack, rows, columns};
    const auto left = stack_desc(stack, rows, inner), right = stack_desc(stack, inner, columns),
               whole = stack_desc(stack, rows, columns);
    forward_ = prepare(left, right, whole);
    by_left_ = prepare(whole, transposed_desc(stack, inner, columns), left);
    by_right_ = prepare(transposed_desc(stack, rows, inner), whole, right);
  }

  Buffer forward(const Buffer& a, const Buffer& b) override { return run(forward_, a, b, c_); }
  Buffer by_left(const Buffer& s, const Buffer& b) override { return run(by_left_, s, b, a_); }
  Buffer by_right(const Buffer& a, const Buffer& s) override { return run(by_right_, a, s, b_); }

 private:
  struct Prepared {
    dnnl::matmul primitive;
    memory::desc left, right, result;
  };

  Prepared prepare(const memory::desc& left, const memory::desc& right, const memory::desc& result) {
    return {dnnl::matmul(dnnl::matmul::primitive_desc({left, right, result}, device_.engine())), left, right,
            result};
  }
  Buffer run(const Prepared& prepared, const Buffer& left, const Buffer& right, const Shape& shape) {
    Buffer result = device_.allocate(shape);
    device_.run(prepared.primitive, {{DNNL_ARG_SRC, device_.wrap(prepared.left, left)},
                                     {DNNL_ARG_WEIGHTS, device_.wrap(prepared.right, right)},
                                     {DNNL_ARG_DST, device_.wrap(prepared.result, result)}});
    return result;
  }

  Device& device_;
  Shape a_, b_, c_;
  Prepared forward_, by_left_, by_right_;
};

}  // namespace

std::unique_ptr<ProductMap> make_product(Device& device, const Shape& a, const Shape& b) {
  return std::make_unique<Product>(device, a, b);
}

}  // namespace relevid::kernels::onednn
