// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/composed.h"
#include "kernels/host_sums.h"
#include "kernels/indexing.h"
#include "kernels/libraries.h"
#include "kernels/reference/reference.h"

namespace relevid::kernels {
namespace reference {
namespace {

template <class F>
Buffer map(const Buffer& x, F&& f) {
  Buffer y = allocate(x.shape());
  std::ranges::transform(values(x), values(y).begin(), f);
  return y;
}

template <class F>
Buffer zip(const Buffer& a, const Buffer& b, F&& f) {
  Buffer y = allocate(a.shape());
  for_each_offset(a.shape(), broadcast_strides(b.shape(), a.shape()), [&](int64_t i, int64_t j) {
    values(y)[static_cast<size_t>(i)] =
        f(values(a)[static_cast<size_t>(i)], values(b)[static_cast<size_t>(j)]);
  });
  return y;
}

bool has_sign(double value, Sign sign) {
  return sign == Sign::kPositive ? value > 0 : value < 0;
}

template <class F>
Sums item_sums(const Buffer& x, F&& f) {
  const int64_t items = x.shape().rank() > 0 ? x.shape()[0] : 1;
  std::vector<double> result(static_cast<size_t>(items), 0.0);
  const auto xs = values(x);
  for (size_t i = 0; i < xs.size(); ++i) result[i / (xs.size() / result.size())] += f(xs[i]);
  return host_sums(std::move(result));
}

class ReferenceLibrary final : public Library {
 public:
  std::string_view name() const override { return "reference"; }
  int64_t peak_bytes() const override { return 0; }

  std::unique_ptr<LinearMap> prepare(const LinearSpec& spec, const Shape& input,
                                     const Epilogue& epilogue) override {
    return make_linear_map(*this, spec, input, epilogue);
  }
  std::unique_ptr<MaxMap> prepare_max(const MaxSpec& spec, const Shape& input) override {
    return make_max_map(spec, input);
  }
  std::unique_ptr<NormMap> prepare_norm(const Shape& input, double epsilon) override {
    return make_norm(input, epsilon);
  }
  std::unique_ptr<ProductMap> prepare_product(const Shape& a, const Shape& b) override {
    return make_product(a, b);
  }
  std::unique_ptr<AttentionMap> prepare_attention(const AttentionSpec& spec, const Shape& q, const Shape& k,
                                                  const Shape& v) override {
    return make_attention(spec, q, k, v);
  }
  std::unique_ptr<StandardiseMap> prepare_standardise(const StandardiseSpec& spec,
                                                      const Shape& input) override {
    return make_composed_standardise(*this, spec, input);
  }

  Buffer upload(const Tensor& tensor) override {
    Buffer x = allocate(tensor.shape());
    std::ranges::copy(tensor.as_doubles(), values(x).begin());
    return x;
  }
  Tensor download(const Buffer& x) override {
    Tensor tensor(x.shape(), DType::kF64);
    std::ranges::copy(values(x), tensor.values<double>().begin());
    return tensor;
  }
  Buffer filled(const Shape& shape, double value) override {
    Buffer x = allocate(shape);
    std::ranges::fill(values(x), value);
    return x;
  }

  Buffer activate(const Buffer& x, const Activation& f) override {
    return map(x, [&](double v) { return activation(f, v); });
  }
  Buffer activation_gradient(const Buffer& kept, const Buffer& g, const Activation& f,
                             GradientMode mode) override {
    const bool rectifier = is_rectifier(f);
    return zip(kept, g, [&](double k, double gradient) {
      if (rectifier && mode == GradientMode::kDeconvnet) return std::max(gradient, 0.0);
      const double slope = activation_slope(f, k);
      return rectifier && mode == GradientMode::kGuided && gradient < 0 ? 0.0 : slope * gradient;
    });
  }

  Buffer add(const Buffer& a, const Buffer& b, double scale_b) override {
    return zip(a, b, [&](double x, double y) { return x + scale_b * y; });
  }
  Buffer multiply(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](double x, double y) { return x * y; });
  }
  void accumulate(Buffer& into, const Buffer& a, double scale) override {
    for (size_t i = 0; double& value : values(into)) value += scale * values(a)[i++];
  }
  Sums scale_by(Buffer& into, const Buffer& a) override {
    for (size_t i = 0; double& value : values(into)) value *= values(a)[i++];
    return sums(into);
  }
  Buffer reduce_to(const Buffer& g, const Shape& shape) override {
    Buffer y = allocate(shape);
    for_each_offset(g.shape(), broadcast_strides(shape, g.shape()), [&](int64_t i, int64_t j) {
      values(y)[static_cast<size_t>(j)] += values(g)[static_cast<size_t>(i)];
    });
    return y;
  }
  Buffer part(const Buffer& x, Sign sign) override {
    return map(x, [&](double v) { return has_sign(v, sign) ? v : 0.0; });
  }
  Sums quotient(Buffer& into, const Buffer& r, double epsilon) override {
    std::vector<double> absorbed(static_cast<size_t>(into.shape()[0]), 0.0);
    const size_t item = values(into).size() / absorbed.size();
    for (size_t i = 0; double& z : values(into)) {
      const double stabiliser = z >= 0 ? epsilon : -epsilon;
      const double numerator = values(r)[i];
      const bool is_zero = z == 0;
      z = numerator == 0 || is_zero ? 0 : numerator / (z + stabiliser);
      absorbed[i++ / item] += is_zero ? numerator : stabiliser * z;
    }
    return host_sums(std::move(absorbed));
  }
  SharedSum share(const Buffer& r, const Buffer& a, const Buffer& b, double sign_b, double epsilon) override {
    Buffer q = add(a, b, sign_b);
    SharedSum result;
    result.absorbed = quotient(q, r, epsilon);
    result.to_a = multiply(a, q);
    result.to_b = map(multiply(b, q), [&](double v) { return sign_b * v; });
    result.sum_a = sums(result.to_a);
    result.sum_b = sums(result.to_b);
    return result;
  }
  Buffer keep_where(const Buffer& x, const Buffer& decider, Sign sign) override {
    return zip(x, decider, [&](double v, double d) { return has_sign(d, sign) ? v : 0.0; });
  }
  Buffer times_sign(const Buffer& x, const Buffer& decider) override {
    return zip(x, decider, [](double v, double d) { return d > 0 ? v : d < 0 ? -v : 0.0; });
  }
  Buffer minimum(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](double x, double y) { return std::min(x, y); });
  }
  Buffer maximum(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](double x, double y) { return std::max(x, y); });
  }

  Buffer reshape(const Buffer& x, const Shape& shape) override { return x.viewed_as(shape); }
  Buffer transpose(const Buffer& x, std::span<const int64_t> permutation) override {
    const auto from = x.shape().strides();
    std::vector<int64_t> dims, strides;
    for (const int64_t axis : permutation) {
      dims.push_back(x.shape()[axis]);
      strides.push_back(from[static_cast<size_t>(axis)]);
    }
    Buffer y = allocate(Shape(dims));
    for_each_offset(y.shape(), strides, [&](int64_t i, int64_t j) {
      values(y)[static_cast<size_t>(i)] = values(x)[static_cast<size_t>(j)];
    });
    return y;
  }
  Buffer concat(std::span<const Buffer> parts, int64_t axis) override {
    Shape shape = parts[0].shape();
    shape[axis] = 0;
    for (const Buffer& part : parts) shape[axis] += part.shape()[axis];
    Buffer y = allocate(shape);
    int64_t offset = 0;
    for (const Buffer& part : parts) {
      for_each_offset(part.shape(), shape.strides(), [&](int64_t i, int64_t j) {
        values(y)[static_cast<size_t>(offset + j)] = values(part)[static_cast<size_t>(i)];
      });
      offset += part.shape()[axis] * shape.strides()[static_cast<size_t>(axis)];
    }
    return y;
  }
  Buffer slice(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step) override {
    Buffer y = allocate(shape);
    const Placement from = place_in(x.shape(), begin, step);
    for_each_offset(shape, from.strides, [&](int64_t i, int64_t j) {
      values(y)[static_cast<size_t>(i)] = values(x)[static_cast<size_t>(from.offset + j)];
    });
    return y;
  }
  Buffer place(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step, double value) override {
    Buffer y = filled(shape, value);
    const Placement to = place_in(shape, begin, step);
    for_each_offset(x.shape(), to.strides, [&](int64_t i, int64_t j) {
      values(y)[static_cast<size_t>(to.offset + j)] = values(x)[static_cast<size_t>(i)];
    });
    return y;
  }

  Sums sums(const Buffer& x) override {
    return item_sums(x, [](double v) { return v; });
  }
  Sums absolute_sums(const Buffer& x) override {
    return item_sums(x, [](double v) { return std::abs(v); });
  }
  std::vector<std::vector<double>> fetch(std::span<const Sums> sums) override {
    std::vector<std::vector<double>> result;
    for (const Sums& each : sums) result.push_back(on_host(each));
    return result;
  }
};

}  // namespace
}  // namespace reference

std::unique_ptr<Library> make_reference_library() {
  return std::make_unique<reference::ReferenceLibrary>();
}

}  // namespace relevid::kernels
