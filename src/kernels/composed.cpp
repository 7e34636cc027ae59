// SPDX-License-Identifier: Apache-2.0
#include "kernels/composed.h"

#include <utility>

namespace relevid::kernels {

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

}  // namespace

StandardiseMap::StandardiseMap(Library& library, const Shape& input, const std::vector<int64_t>& axes,
                               double epsilon)
    : library_(library), mean_(library.prepare(mean_over(input, axes), input, {})), epsilon_(epsilon) {}

Buffer StandardiseMap::scale(const Buffer& centred) {
  const Buffer variance = mean_->apply(library_.multiply(centred, centred), {}, {});
  return library_.activate(variance, {Activation::Kind::kPower, -0.5, epsilon_});
}

Buffer StandardiseMap::forward(const Buffer& x) {
  const Buffer about_mean = centred(x);
  return library_.multiply(about_mean, scale(about_mean));
}

Buffer StandardiseMap::gradient(const Buffer& x, const Buffer& g) {
  const Buffer about_mean = centred(x), factor = scale(about_mean);
  const Buffer y = library_.multiply(about_mean, factor);
  const Buffer along_y = library_.multiply(y, mean_->apply(library_.multiply(g, y), {}, {}));
  return library_.multiply(library_.add(centred(g), along_y, -1), factor);
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
