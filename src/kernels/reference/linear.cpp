// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/overloaded.h"
#include "kernels/composed.h"
#include "kernels/host_sums.h"
#include "kernels/indexing.h"
#include "kernels/parameters.h"
#include "kernels/reference/reference.h"

namespace relevid::kernels::reference {
namespace {

// Every visit_* calls visit(o, i, w, factor) for each term of a linear map: output[o] takes weight times
// input[i]. `w` indexes the weights, or is -1 where the factor is fixed (averages and sums).

/// Time, rows and columns of a volume.
Extent extent_of(const Shape& volume) {
  return {volume[2], volume[3], volume[4]};
}

template <class F>
void for_each_window_tap(const Extent& in, const Extent& out, const Extent& kernel, const Extent& strides,
                         const Extent& dilations, const Extent& pads, F&& f) {
  for (int64_t t = 0; t < out[0]; ++t)
    for (int64_t h = 0; h < out[1]; ++h)
      for (int64_t w = 0; w < out[2]; ++w)
        for (int64_t a = 0; a < kernel[0]; ++a)
          for (int64_t b = 0; b < kernel[1]; ++b)
            for (int64_t c = 0; c < kernel[2]; ++c) {
              const int64_t it = t * strides[0] - pads[0] + a * dilations[0];
              const int64_t ih = h * strides[1] - pads[1] + b * dilations[1];
              const int64_t iw = w * strides[2] - pads[2] + c * dilations[2];
              if (it < 0 || it >= in[0] || ih < 0 || ih >= in[1] || iw < 0 || iw >= in[2]) continue;
              f((t * out[1] + h) * out[2] + w, (it * in[1] + ih) * in[2] + iw,
                (a * kernel[1] + b) * kernel[2] + c, std::array<int64_t, 3>{t, h, w});
            }
}

template <class Visit>
void visit_convolution(const ConvolutionSpec& spec, const Shape& input, const Shape& output,
                       const Visit& visit) {
  const Shape in = as_volume(input), out = as_volume(output);
  const int64_t in_size = in[2] * in[3] * in[4], out_size = out[2] * out[3] * out[4];
  const int64_t taps = spec.kernel[0] * spec.kernel[1] * spec.kernel[2];
  const int64_t in_group = in[1] / spec.groups, out_group = out[1] / spec.groups;
  const int64_t in_channels = in[1], out_channels = out[1];
  for (int64_t n = 0; n < in[0]; ++n)
    for (int64_t oc = 0; oc < out_channels; ++oc)
      for (int64_t k = 0; k < in_group; ++k) {
        const int64_t ic = oc / out_group * in_group + k;
        for_each_window_tap(extent_of(in), extent_of(out), spec.kernel, spec.strides, spec.dilations,
                            spec.pads_begin, [&](int64_t o, int64_t i, int64_t tap, const auto&) {
                              visit((n * out_channels + oc) * out_size + o,
                                    (n * in_channels + ic) * in_size + i, (oc * in_group + k) * taps + tap,
                                    1);
                            });
      }
}

template <class Visit>
void visit_average(const AveragePoolSpec& spec, const Shape& input, const Shape& output, const Visit& visit) {
  const Shape in = as_volume(input), out = as_volume(output);
  const int64_t in_size = in[2] * in[3] * in[4], out_size = out[2] * out[3] * out[4];
  for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
    for_each_window_tap(extent_of(in), extent_of(out), spec.kernel, spec.strides, spec.dilations,
                        spec.pads_begin,
                        [&](int64_t o, int64_t i, int64_t, const std::array<int64_t, 3>& at) {
                          visit(plane * out_size + o, plane * in_size + i, -1,
                                1 / average_divisor(spec, in, at[0], at[1], at[2]));
                        });
  }
}

template <class Visit>
void visit_dense(const DenseSpec& spec, const Shape& input, const Visit& visit) {
  const int64_t in = spec.weight->shape()[1], out = spec.weight->shape()[0];
  for (int64_t row = 0; row < input.elements() / in; ++row)
    for (int64_t o = 0; o < out; ++o)
      for (int64_t i = 0; i < in; ++i) visit(row * out + o, row * in + i, o * in + i, 1);
}

template <class Visit>
void visit_sum(const SumSpec& spec, const Shape& input, const Shape& output, const Visit& visit) {
  for_each_offset(input, broadcast_strides(output, input),
                  [&](int64_t i, int64_t o) { visit(o, i, -1, spec.scale); });
}

template <class Visit>
void visit_resample(const ResampleSpec& spec, const Shape& input, const Shape& output, const Visit& visit) {
  const int64_t inner = input.strides()[static_cast<size_t>(spec.axis)];
  const int64_t from_size = input[spec.axis], to_size = output[spec.axis];
  for (int64_t outer = 0; outer < input.elements() / (from_size * inner); ++outer)
    for (const auto& tap : spec.taps)
      for (int64_t i = 0; i < inner; ++i)
        visit((outer * to_size + tap.to) * inner + i, (outer * from_size + tap.from) * inner + i, -1,
              tap.weight);
}

/// Those that are computed here; a transposed convolution is made of a convolution (kernels/composed.h).
using Spec = std::variant<ConvolutionSpec, DenseSpec, AveragePoolSpec, SumSpec, ResampleSpec>;

class ReferenceLinearMap final : public LinearMap {
 public:
  ReferenceLinearMap(Spec spec, Shape input, Shape output, Epilogue epilogue)
      : spec_(std::move(spec)), input_(std::move(input)), output_(std::move(output)), epilogue_(epilogue) {}

  Buffer forward(const Buffer& x, Buffer residual) override {
    Buffer y = apply(x, {}, {BiasPart::Kind::kAll});
    const auto ys = values(y);
    for (size_t i = 0; i < ys.size(); ++i) {
      if (residual) ys[i] += values(std::as_const(residual))[i];
      ys[i] = activation(epilogue_.activation, ys[i]);
    }
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart part) override {
    Buffer y = allocate(output_);
    const auto ys = values(y);
    const auto xs = values(x);
    visit_terms(weight, [&](int64_t o, int64_t i, double w) {
      ys[static_cast<size_t>(o)] += w * xs[static_cast<size_t>(i)];
    });
    for_each_bias(part, output_, [&](size_t o, double b) { ys[o] += b; });
    return y;
  }

  Buffer adjoint(const Buffer& s, WeightTransform weight) override {
    Buffer y = allocate(input_);
    const auto ys = values(y);
    const auto ss = values(s);
    visit_terms(weight, [&](int64_t o, int64_t i, double w) {
      ys[static_cast<size_t>(i)] += w * ss[static_cast<size_t>(o)];
    });
    return y;
  }

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  Sums bias_dot(const Buffer& s, BiasPart part) override {
    HostSums result(static_cast<size_t>(output_[0]), 0.0);
    const size_t item = static_cast<size_t>(s.shape().elements()) / result.size();
    for_each_bias(part, s.shape(), [&](size_t o, double b) { result[o / item] += b * values(s)[o]; });
    return host_sums(std::move(result));
  }

  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override {
    ParameterGradient result = zero_gradient(weight(), bias(), DType::kF64);
    const auto by_weight = result.weight.values<double>(), by_bias = result.bias.values<double>();
    const auto xs = values(x), gs = values(g);
    visit_indices([&](int64_t o, int64_t i, int64_t w, double) {
      by_weight[static_cast<size_t>(w)] += gs[static_cast<size_t>(o)] * xs[static_cast<size_t>(i)];
    });
    for (int64_t o = 0; bias() && o < output_.elements(); ++o)
      by_bias[channel_of(o, output_)] += gs[static_cast<size_t>(o)];
    return result;
  }

  void parameters_changed() override {}  // nothing is kept of them

 private:
  template <class F>
  void visit_terms(WeightTransform transform, F&& f) const {
    const auto weights = weight() ? weight()->values<float>() : std::span<const float>();
    visit_indices([&](int64_t o, int64_t i, int64_t w, double factor) {
      f(o, i, transform(w < 0 ? factor : static_cast<double>(weights[static_cast<size_t>(w)])));
    });
  }

  template <class Visit>
  void visit_indices(const Visit& term) const {
    std::visit(Overloaded{[&](const ConvolutionSpec& s) { visit_convolution(s, input_, output_, term); },
                          [&](const DenseSpec& s) { visit_dense(s, input_, term); },
                          [&](const AveragePoolSpec& s) { visit_average(s, input_, output_, term); },
                          [&](const SumSpec& s) { visit_sum(s, input_, output_, term); },
                          [&](const ResampleSpec& s) { visit_resample(s, input_, output_, term); }},
               spec_);
  }

  struct Parameters {
    const Tensor *weight = nullptr, *bias = nullptr;
  };
  Parameters parameters() const {
    return std::visit(
        Overloaded{[](const OneOf<ConvolutionSpec, DenseSpec> auto& s) {
                     return Parameters{s.weight.get(), s.bias.get()};
                   },
                   [](const OneOf<AveragePoolSpec, SumSpec, ResampleSpec> auto&) { return Parameters{}; }},
        spec_);
  }
  const Tensor* weight() const { return parameters().weight; }
  const Tensor* bias() const { return parameters().bias; }

  /// Which bias output o takes, where there is one.
  size_t channel_of(int64_t o, const Shape& of) const {
    const bool convolution = std::holds_alternative<ConvolutionSpec>(spec_);
    const int64_t inner = convolution ? of.elements() / of[0] / of[1] : 1;
    return static_cast<size_t>(o / inner % bias()->elements());
  }

  template <class F>
  void for_each_bias(BiasPart part, const Shape& of, F&& f) const {
    if (!bias() || part.kind == BiasPart::Kind::kNone) return;
    for (int64_t o = 0; o < of.elements(); ++o)
      f(static_cast<size_t>(o), part(static_cast<double>(bias()->values<float>()[channel_of(o, of)])));
  }

  Spec spec_;
  Shape input_, output_;
  Epilogue epilogue_;
};

}  // namespace

std::unique_ptr<LinearMap> make_linear_map(Library& library, const LinearSpec& spec, const Shape& input,
                                           const Epilogue& epilogue) {
  return std::visit(Overloaded{[&](const TransposedConvolutionSpec& s) {
                                 return make_transposed_convolution(library, s, input, epilogue);
                               },
                               [&](const auto& s) -> std::unique_ptr<LinearMap> {
                                 return std::make_unique<ReferenceLinearMap>(s, input, output_shape(s, input),
                                                                             epilogue);
                               }},
                    spec);
}

}  // namespace relevid::kernels::reference
