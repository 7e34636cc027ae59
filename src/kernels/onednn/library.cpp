// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/overloaded.h"
#include "kernels/composed.h"
#include "kernels/host_sums.h"
#include "kernels/indexing.h"
#include "kernels/libraries.h"
#include "kernels/onednn/activations.h"
#include "kernels/onednn/channel_rows.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/elementwise.h"
#include "kernels/onednn/movement.h"
#include "kernels/onednn/reductions.h"
#include "relevid/error.h"

namespace relevid::kernels {
namespace onednn {

namespace {

/// The elements of `b`, where broadcasting it to `a` repeats them all, one time after another; 0 where it
/// does not.
int64_t row_repeated(const Shape& b, const Shape& a) {
  int64_t axis = 0;
  while (axis < b.rank() && b[axis] == 1) ++axis;
  for (int64_t i = axis; i < b.rank(); ++i) {
    if (b[i] != a[a.rank() - b.rank() + i]) return 0;
  }
  return b.elements() > 1 ? b.elements() : 0;
}

bool is_volume(const Shape& shape) {
  return shape.rank() == 4 || shape.rank() == 5;
}

class OnednnLibrary final : public Library {
 public:
  OnednnLibrary(int threads, bool rounds_to_bf16) : device_(threads, rounds_to_bf16) {}
  std::string_view name() const override { return "onednn"; }
  int64_t peak_bytes() const override { return device_.peak_bytes(); }

  std::unique_ptr<LinearMap> prepare(const LinearSpec& spec, const Shape& input,
                                     const Epilogue& epilogue) override;
  std::unique_ptr<MaxMap> prepare_max(const MaxSpec& spec, const Shape& input) override {
    return std::visit(
        Overloaded{[&](const MaxWindowSpec& window) { return make_max_window(device_, window, input); },
                   [&](const MaxAxesSpec& axes) { return make_max_axes(device_, axes, input); }},
        spec);
  }
  std::unique_ptr<NormMap> prepare_norm(const Shape& input, double epsilon) override {
    return make_norm(device_, input, epsilon);
  }
  std::unique_ptr<ProductMap> prepare_product(const Shape& a, const Shape& b) override {
    return make_product(device_, a, b);
  }
  std::unique_ptr<AttentionMap> prepare_attention(const AttentionSpec& spec, const Shape& q, const Shape& k,
                                                  const Shape& v) override {
    return make_attention(device_, spec, q, k, v);
  }
  std::unique_ptr<StandardiseMap> prepare_standardise(const StandardiseSpec& spec,
                                                      const Shape& input) override {
    return make_standardise(*this, device_, spec, input);
  }

  Buffer upload(const Tensor& tensor) override {
    const Tensor plain = tensor.dtype() == DType::kF32 ? Tensor() : tensor.cast(DType::kF32);
    const Tensor& values = tensor.dtype() == DType::kF32 ? tensor : plain;
    return device_.from_plain(tensor.shape(), values.values<float>().data());
  }
  Tensor download(const Buffer& x) override {
    Tensor tensor(x.shape(), DType::kF32);
    std::ranges::copy(device_.to_plain(x), tensor.values<float>().begin());
    return tensor;
  }
  Buffer filled(const Shape& shape, double value) override {
    Buffer x = device_.allocate(shape);
    std::fill_n(x.data<float>(), device_.floats(shape), static_cast<float>(value));
    clear_tail(device_, x);
    return x;
  }

  Buffer activate(const Buffer& x, const Activation& f) override {
    Buffer y = device_.allocate(x.shape());
    activate_to(device_, x, y, f);
    return y;
  }
  Buffer activation_gradient(const Buffer& kept, const Buffer& g, const Activation& f,
                             GradientMode mode) override {
    Buffer y = device_.allocate(g.shape());
    pass_gradient(device_, kept, g, y, f, mode);
    return y;
  }

  Buffer add(const Buffer& a, const Buffer& b, double scale_b) override {
    const auto scale = static_cast<float>(scale_b);
    return zip(a, b, [=](float x, float y) { return x + scale * y; });
  }
  Buffer multiply(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](float x, float y) { return x * y; });
  }
  void accumulate(Buffer& into, const Buffer& a, double scale) override {
    float* x = into.data<float>();
    const float* y = a.data<float>();
    const auto k = static_cast<float>(scale);
    for_each_float(device_, into.shape(), [=](int64_t i) { x[i] += k * y[i]; });
  }
  Sums scale_by(Buffer& into, const Buffer& a) override {
    return sum_items(into.shape(),
                     [x = into.data<float>(), y = a.data<float>()](int64_t begin, int64_t count) {
                       return scale(y + begin, x + begin, count);
                     });
  }
  Buffer reduce_to(const Buffer& g, const Shape& shape) override;
  Buffer part(const Buffer& x, Sign sign) override {
    Buffer y = device_.allocate(x.shape());
    const float* from = x.data<float>();
    float* to = y.data<float>();
    if (sign == Sign::kPositive) {
      for_each_float(device_, x.shape(), [=](int64_t i) { to[i] = std::max(from[i], 0.0F); });
    } else {
      for_each_float(device_, x.shape(), [=](int64_t i) { to[i] = std::min(from[i], 0.0F); });
    }
    return y;
  }
  Sums quotient(Buffer& into, const Buffer& r, double epsilon) override;
  SharedSum share(const Buffer& r, const Buffer& a, const Buffer& b, double sign_b, double epsilon) override;
  Buffer keep_where(const Buffer& x, const Buffer& decider, Sign sign) override {
    const float direction = sign == Sign::kPositive ? 1.0F : -1.0F;
    return zip(x, decider, [=](float v, float d) { return d * direction > 0 ? v : 0.0F; });
  }
  Buffer times_sign(const Buffer& x, const Buffer& decider) override {
    return zip(x, decider, [](float v, float d) { return d > 0 ? v : d < 0 ? -v : 0.0F; });
  }
  SignedQuotient signed_quotient(const Buffer& r, const Buffer& y, const Buffer& m, double coefficient,
                                 double epsilon) override {
    SignedQuotient result{device_.allocate(r.shape()), device_.allocate(r.shape()), {}};
    const SignedDivision division{r.data<float>(),
                                  y.data<float>(),
                                  m.data<float>(),
                                  static_cast<float>(coefficient),
                                  static_cast<float>(epsilon),
                                  result.q.data<float>(),
                                  result.q_signed.data<float>()};
    result.absorbed = sum_items(
        r.shape(), [&](int64_t begin, int64_t count) { return divide_signed(division, begin, count); });
    return result;
  }
  Sums scale_by_signed(Buffer& into, const Buffer& x, const Buffer& b, double coefficient) override {
    return sum_items(into.shape(), [a = into.data<float>(), v = x.data<float>(), w = b.data<float>(),
                                    k = static_cast<float>(coefficient)](int64_t begin, int64_t count) {
      return scale_signed(v + begin, w + begin, k, a + begin, count);
    });
  }
  Buffer minimum(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](float x, float y) { return std::min(x, y); });
  }
  Buffer maximum(const Buffer& a, const Buffer& b) override {
    return zip(a, b, [](float x, float y) { return std::max(x, y); });
  }

  Buffer reshape(const Buffer& x, const Shape& shape) override {
    // Same storage where neither side is blocked, or where only a time axis of size 1 comes or goes.
    const bool same = device_.layout(x.shape()).block == 1 && device_.layout(shape).block == 1;
    const bool same_volume =
        is_volume(x.shape()) && is_volume(shape) && as_volume(x.shape()) == as_volume(shape);
    if (same || same_volume) return x.viewed_as(shape);
    return device_.from_plain(shape, device_.to_plain(x).data());
  }
  Buffer transpose(const Buffer& x, std::span<const int64_t> permutation) override {
    return transpose_plain(device_, x, permutation);
  }
  Buffer concat(std::span<const Buffer> parts, int64_t axis) override {
    return concat_parts(device_, parts, axis);
  }
  Buffer slice(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step) override {
    return take_slice(device_, x, shape, begin, step);
  }
  Buffer place(const Buffer& x, const Shape& shape, std::span<const int64_t> begin,
               std::span<const int64_t> step, double value) override {
    Buffer y = value == 0 ? device_.zeros(shape) : filled(shape, value);
    place_slice(device_, x, y, begin, step);
    return y;
  }

  Sums sums(const Buffer& x) override {
    return sum_items(x.shape(),
                     [v = x.data<float>()](int64_t begin, int64_t count) { return sum(v + begin, count); });
  }
  Sums absolute_sums(const Buffer& x) override {
    return sum_items(x.shape(), [v = x.data<float>()](int64_t begin, int64_t count) {
      return absolute_sum(v + begin, count);
    });
  }
  std::vector<std::vector<double>> fetch(std::span<const Sums> sums) override {
    std::vector<std::vector<double>> result;
    for (const Sums& each : sums) result.push_back(on_host(each));
    return result;
  }

 private:
  template <class F>
  Buffer zip(const Buffer& a, const Buffer& b, F&& f) {
    Buffer y = device_.allocate(a.shape());
    const float *from_a = a.data<float>(), *from_b = b.data<float>();
    float* to = y.data<float>();
    if (a.shape() == b.shape()) {
      for_each_float(device_, a.shape(), [=](int64_t i) { to[i] = f(from_a[i], from_b[i]); });
    } else if (is_volume(a.shape())) {
      for_each_broadcast(device_.layout(a.shape()), device_.layout(b.shape()),
                         [=](int64_t i, int64_t j) { to[i] = f(from_a[i], from_b[j]); });
      clear_tail(device_, y);
    } else if (const int64_t row = row_repeated(b.shape(), a.shape()); row > 0) {
#pragma omp parallel for schedule(static)
      for (int64_t begin = 0; begin < a.shape().elements(); begin += row) {
#pragma omp simd
        for (int64_t i = 0; i < row; ++i) to[begin + i] = f(from_a[begin + i], from_b[i]);
      }
    } else {
      for_each_offset(a.shape(), broadcast_strides(b.shape(), a.shape()),
                      [=](int64_t i, int64_t j) { to[i] = f(from_a[i], from_b[j]); });
    }
    return y;
  }

  template <class F>
  Sums sum_items(const Shape& shape, F&& f) {
    return item_sums<1>(shape, [&](int64_t begin, int64_t count) { return std::array{f(begin, count)}; })[0];
  }
  /// Σ f(begin, count), which has several sums, over chunks of every item: chunks in parallel, then added in
  /// one order.
  template <size_t kSums, class F>
  std::array<Sums, kSums> item_sums(const Shape& shape, F&& f) {
    const int64_t items = shape.rank() > 0 ? shape[0] : 1;
    const int64_t item = device_.floats(shape) / items;
    constexpr int64_t kChunk = 1 << 14;
    const int64_t chunks = (item + kChunk - 1) / kChunk;
    std::vector<std::array<double, kSums>> partial(static_cast<size_t>(items * chunks));
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < items * chunks; ++k) {
      const int64_t n = k / chunks, begin = (k % chunks) * kChunk, end = std::min(item, begin + kChunk);
      partial[static_cast<size_t>(k)] = f(n * item + begin, end - begin);
    }
    std::array<Sums, kSums> result;
    for (size_t i = 0; i < kSums; ++i) {
      HostSums sums(static_cast<size_t>(items), 0.0);
      for (int64_t k = 0; k < items * chunks; ++k)
        sums[static_cast<size_t>(k / chunks)] += partial[static_cast<size_t>(k)][i];
      result[i] = host_sums(std::move(sums));
    }
    return result;
  }

  Device device_;
};

std::unique_ptr<LinearMap> OnednnLibrary::prepare(const LinearSpec& spec, const Shape& input,
                                                  const Epilogue& epilogue) {
  return std::visit(
      Overloaded{
          [&](const ConvolutionSpec& convolution) {
            const int64_t channels = input[1];
            const bool depthwise = convolution.groups > 1 && convolution.groups == channels &&
                                   convolution.channels_out == channels;
            return depthwise ? make_window_map(device_, convolution, input, epilogue)
                             : make_convolution(device_, convolution, input, epilogue);
          },
          [&](const DenseSpec& dense) { return make_dense(device_, dense, input, epilogue); },
          [&](const AveragePoolSpec& pool) { return make_window_map(device_, pool, input, epilogue); },
          [&](const SumSpec& sum) {
            const int64_t first = input.rank() == 4 ? 2 : input.rank() - 3;
            const bool spatial = is_volume(input) &&
                                 std::ranges::all_of(sum.axes, [&](int64_t axis) { return axis >= first; });
            return spatial ? make_window_map(device_, sum, input, epilogue)
                           : make_axis_sum(device_, sum, input, epilogue);
          },
          [&](const ResampleSpec& resample) { return make_resample(device_, resample, input, epilogue); },
          [&](const TransposedConvolutionSpec& transposed) {
            return make_transposed_convolution(*this, transposed, input, epilogue);
          }},
      spec);
}

Sums OnednnLibrary::quotient(Buffer& into, const Buffer& r, double epsilon) {
  float* z = into.data<float>();
  const float* numerator = r.data<float>();
  const auto e = static_cast<float>(epsilon);
  return sum_items(into.shape(), [=](int64_t begin, int64_t count) {
    return divide(numerator + begin, e, z + begin, count);
  });
}

SharedSum OnednnLibrary::share(const Buffer& r, const Buffer& a, const Buffer& b, double sign_b,
                               double epsilon) {
  SharedSum result{device_.allocate(a.shape()), device_.allocate(a.shape()), {}, {}, {}};
  const SummandShares shares{r.data<float>(),
                             a.data<float>(),
                             b.data<float>(),
                             static_cast<float>(sign_b),
                             static_cast<float>(epsilon),
                             result.to_a.data<float>(),
                             result.to_b.data<float>()};
  auto totals = item_sums<3>(a.shape(), [&](int64_t begin, int64_t count) {
    const SharedTotals t = onednn::share(shares, begin, count);
    return std::array{t.to_a, t.to_b, t.absorbed};
  });
  result.sum_a = std::move(totals[0]);
  result.sum_b = std::move(totals[1]);
  result.absorbed = std::move(totals[2]);
  return result;
}

Buffer OnednnLibrary::reduce_to(const Buffer& g, const Shape& shape) {
  // What scaled whole channels of a volume, as squeeze-excite does.
  if (is_volume(g.shape()) && shape.rank() == g.shape().rank() && shape[0] == g.shape()[0] &&
      shape[1] == g.shape()[1] && shape.elements() == shape[0] * shape[1]) {
    const auto sums = channel_sums_of_items(device_, g);
    return device_.from_plain(shape, std::vector<float>(sums.begin(), sums.end()).data());
  }
  const auto from = device_.to_plain(g);
  std::vector<double> sums(static_cast<size_t>(shape.elements()), 0.0);
  for_each_offset(g.shape(), broadcast_strides(shape, g.shape()), [&](int64_t i, int64_t j) {
    sums[static_cast<size_t>(j)] += static_cast<double>(from[static_cast<size_t>(i)]);
  });
  const std::vector<float> to(sums.begin(), sums.end());
  return device_.from_plain(shape, to.data());
}

}  // namespace
}  // namespace onednn

std::unique_ptr<Library> make_onednn_library(int threads, Precision precision) {
  return std::make_unique<onednn::OnednnLibrary>(threads, precision_here(precision) == Precision::kBfloat16);
}

}  // namespace relevid::kernels
