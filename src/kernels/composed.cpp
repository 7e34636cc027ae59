// SPDX-License-Identifier: Apache-2.0
#include "kernels/composed.h"

#include <utility>

namespace relevid::kernels {

SignedQuotient Library::signed_quotient(const Buffer& r, const Buffer& y, const Buffer& m, double coefficient,
                                        double epsilon) {
  SignedQuotient result{add(y, times_sign(m, y), coefficient), {}, {}};
  result.absorbed = quotient(result.q, r, epsilon);
  result.q_signed = times_sign(result.q, y);
  return result;
}

Sums Library::scale_by_signed(Buffer& into, const Buffer& x, const Buffer& b, double coefficient) {
  into = add(multiply(into, x), multiply(times_sign(x, x), b), coefficient);
  return sums(into);
}

SoftmaxMap::SoftmaxMap(Library& library, const Shape& input, int64_t axis)
    : library_(library),
      largest_(library.prepare_max(MaxAxesSpec{{axis}}, input)),
      sum_(library.prepare(SumSpec{{axis}, 1}, input, {})) {}

Buffer SoftmaxMap::forward(const Buffer& x) {
  const Buffer below_one = library_.add(x, largest_->forward(x, nullptr), -1);
  const Buffer powers = library_.activate(below_one, {Activation::Kind::kExp, 0, 0});
  return library_.multiply(powers, library_.activate(total(powers), {Activation::Kind::kPower, -1, 0}));
}

Buffer SoftmaxMap::gradient(const Buffer& y, const Buffer& g) {
  return library_.multiply(library_.add(g, total(library_.multiply(g, y)), -1), y);
}

Buffer SoftmaxMap::relevance(const Buffer& x, const Buffer& y, const Buffer& r) {
  return library_.multiply(library_.add(r, library_.multiply(y, total(r)), -1), x);
}

namespace {

/// The mean over the axes, as a linear map.
SumSpec mean_over(const Shape& input, const std::vector<int64_t>& axes) {
  double count = 1;
  for (const int64_t axis : axes) count *= static_cast<double>(input[axis]);
  return {axes, 1 / count};
}

class ComposedStandardise final : public StandardiseMap {
 public:
  ComposedStandardise(Library& library, const StandardiseSpec& spec, const Shape& input)
      : library_(library), spec_(spec), mean_(library.prepare(mean_over(input, spec.axes), input, {})) {
    if (spec.scale) scale_ = library.upload(*spec.scale);
    if (spec.shift) shift_ = library.upload(*spec.shift);
  }

  Buffer forward(const Buffer& x) override {
    const Buffer about_mean = centred(x);
    Buffer y = library_.multiply(about_mean, inverse_deviation(about_mean));
    if (scale_) y = library_.multiply(y, scale_);
    return shift_ ? library_.add(y, shift_, 1) : y;
  }

  /// (g' - mean(g') - y mean(g' y)) / sqrt(variance + epsilon), with g' = scale g and y before scale and
  /// shift.
  Buffer gradient(const Buffer& x, const Buffer& g, Deviation deviation) override {
    const Buffer about_mean = centred(x), factor = inverse_deviation(about_mean);
    const Buffer scaled = scale_ ? library_.multiply(g, scale_) : g;
    Buffer result = centred(scaled);
    if (deviation == Deviation::kOfInput) {
      const Buffer y = library_.multiply(about_mean, factor);
      const Buffer along_y = library_.multiply(y, mean_->apply(library_.multiply(scaled, y), {}, {}));
      result = library_.add(result, along_y, -1);
    }
    return library_.multiply(result, factor);
  }

 private:
  Buffer centred(const Buffer& x) {
    const bool centres = spec_.centring == StandardiseSpec::Centring::kMean;
    return centres ? library_.add(x, mean_->apply(x, {}, {}), -1) : x;
  }
  /// 1 / sqrt(variance + epsilon), of size 1 along the axes.
  Buffer inverse_deviation(const Buffer& about_mean) {
    const Buffer variance = mean_->apply(library_.multiply(about_mean, about_mean), {}, {});
    return library_.activate(variance, {Activation::Kind::kPower, -0.5, spec_.epsilon});
  }

  Library& library_;
  StandardiseSpec spec_;
  std::unique_ptr<LinearMap> mean_;
  Buffer scale_, shift_;
};

}  // namespace

std::unique_ptr<StandardiseMap> make_composed_standardise(Library& library, const StandardiseSpec& spec,
                                                          const Shape& input) {
  return std::make_unique<ComposedStandardise>(library, spec, input);
}

Buffer prelu(Library& library, const Buffer& x, const Buffer& slope) {
  return library.add(library.part(x, Sign::kPositive),
                     library.multiply(library.part(x, Sign::kNegative), slope), 1);
}

Buffer prelu_gradient(Library& library, const Buffer& x, const Buffer& g, const Buffer& slope) {
  const Buffer above = library.keep_where(g, x, Sign::kPositive);
  return library.add(above, library.multiply(library.add(g, above, -1), slope), 1);
}

namespace {

class TransposedConvolution final : public LinearMap {
 public:
  TransposedConvolution(Library& library, const TransposedConvolutionSpec& spec, const Shape& input,
                        const Epilogue& epilogue)
      : library_(library),
        output_(output_shape(spec, input)),
        bias_(spec.bias),
        activation_(epilogue.activation),
        of_(library.prepare(spec.of, spec.output, {})) {}

  Buffer forward(const Buffer& x, Buffer) override {
    Buffer y = apply(x, {}, {BiasPart::Kind::kAll});
    return activation_.kind == Activation::Kind::kIdentity ? y : library_.activate(y, activation_);
  }
  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart part) override {
    Buffer y = of_->adjoint(x, weight);
    return has(part) ? library_.add(y, transformed(part), 1) : y;
  }
  Buffer adjoint(const Buffer& s, WeightTransform weight) override { return of_->apply(s, weight, {}); }
  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }
  Sums bias_dot(const Buffer& s, BiasPart part) override {
    if (!has(part)) return library_.sums(library_.filled(Shape{output_[0], 1}, 0));
    return library_.sums(library_.multiply(s, transformed(part)));
  }
  /// Σ g Wᵀx is Σ x W g.
  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override {
    ParameterGradient result = of_->parameter_gradient(g, x);
    if (bias_) result.bias = library_.download(library_.reduce_to(g, channelwise())).reshaped(bias_->shape());
    return result;
  }
  void parameters_changed() override { of_->parameters_changed(); }

 private:
  bool has(BiasPart part) const { return bias_ && part.kind != BiasPart::Kind::kNone; }
  Shape channelwise() const {
    Shape shape(std::vector<int64_t>(static_cast<size_t>(output_.rank()), 1));
    shape[1] = output_[1];
    return shape;
  }
  Buffer transformed(BiasPart part) {
    Tensor values = bias_->cast(DType::kF64).reshaped(channelwise());
    for (double& value : values.values<double>()) value = part(value);
    return library_.upload(values);
  }

  Library& library_;
  Shape output_;
  std::shared_ptr<const Tensor> bias_;
  Activation activation_;
  std::unique_ptr<LinearMap> of_;
};

}  // namespace

std::unique_ptr<LinearMap> make_transposed_convolution(Library& library,
                                                       const TransposedConvolutionSpec& spec,
                                                       const Shape& input, const Epilogue& epilogue) {
  return std::make_unique<TransposedConvolution>(library, spec, input, epilogue);
}

}  // namespace relevid::kernels
