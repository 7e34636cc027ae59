// SPDX-License-Identifier: Apache-2.0
#include "kernels/specs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "relevid/error.h"

namespace relevid::kernels {
namespace {

[[noreturn]] void misfit(const Shape& input) {
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("an operation does not fit input {}", input.to_string()));
}

template <class Spec>
Shape window_output(const Spec& spec, const Extent& dilations, const Shape& input) {
  if (input.rank() != 4 && input.rank() != 5) misfit(input);
  Shape shape = input;
  const int64_t first =
      input.rank() - 3;  // the axis that window entry 0 speaks of; 1 in a 2-D tensor, and skipped
  for (int64_t i = input.rank() == 4 ? 1 : 0; i < 3; ++i) {
    const auto k = static_cast<size_t>(i);
    const int64_t extent = (spec.kernel[k] - 1) * dilations[k] + 1;
    const int64_t room = input[first + i] + spec.pads_begin[k] + spec.pads_end[k] - extent;
    if (room < 0) misfit(input);
    shape[first + i] = room / spec.strides[k] + 1;
  }
  return shape;
}

Shape collapsed(Shape shape, const std::vector<int64_t>& axes) {
  for (const int64_t axis : axes) shape[axis] = 1;
  return shape;
}

}  // namespace

double WeightTransform::operator()(double w) const {
  switch (kind) {
    case Kind::kAsIs:
      return w;
    case Kind::kPositive:
      return std::max(w, 0.0);
    case Kind::kNegative:
      return std::min(w, 0.0);
    case Kind::kSquare:
      return w * w;
    case Kind::kOnes:
      return 1;
    case Kind::kGammaPositive:
      return w + gamma * std::max(w, 0.0);
    case Kind::kGammaNegative:
      return w + gamma * std::min(w, 0.0);
  }
  return w;
}

double BiasPart::operator()(double b) const {
  switch (kind) {
    case Kind::kNone:
      return 0;
    case Kind::kAll:
      return b;
    case Kind::kPositive:
      return std::max(b, 0.0);
    case Kind::kNegative:
      return std::min(b, 0.0);
    case Kind::kSquare:
      return b * b;
    case Kind::kGammaPositive:
      return b + gamma * std::max(b, 0.0);
    case Kind::kGammaNegative:
      return b + gamma * std::min(b, 0.0);
  }
  return b;
}

namespace {

/// √(2/π) (x + 0.044715 x³), of which GELU's approximation takes the tanh: Hendrycks and Gimpel 2016 (arXiv
/// 1606.08415), section 2.
double gelu_argument(double x) {
  return std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
}
double gelu_argument_slope(double x) {
  return std::sqrt(2 / std::numbers::pi) * (1 + 3 * 0.044715 * x * x);
}
/// The normal distribution: its probability of values below x, and its density.
double normal_below(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}
double normal_density(double x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
}

}  // namespace

bool is_rectifier(const ActivationSpec& f) {
  using Kind = ActivationSpec::Kind;
  return f.kind == Kind::kRelu || (f.kind == Kind::kClip && f.alpha == 0);
}

bool slope_from_output(const ActivationSpec& f) {
  using Kind = ActivationSpec::Kind;
  const bool bends_back = f.alpha < 0 && (f.kind == Kind::kLeakyRelu || f.kind == Kind::kElu);
  const bool from_input = f.kind == Kind::kHardSwish || f.kind == Kind::kGelu || f.kind == Kind::kGeluTanh ||
                          f.kind == Kind::kErf || f.kind == Kind::kPower;
  return !from_input && !bends_back;
}

double activation(const ActivationSpec& f, double x) {
  using Kind = ActivationSpec::Kind;
  switch (f.kind) {
    case Kind::kNone:
      return x;
    case Kind::kRelu:
      return std::max(x, 0.0);
    case Kind::kClip:
      return std::clamp(x, f.alpha, f.beta);
    case Kind::kLeakyRelu:
      return x > 0 ? x : f.alpha * x;
    case Kind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::kHardSigmoid:
      return std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
    case Kind::kHardSwish:
      return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Kind::kTanh:
      return std::tanh(x);
    case Kind::kElu:
      return x > 0 ? x : f.alpha * std::expm1(x);
    case Kind::kGelu:
      return x * normal_below(x);
    case Kind::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(gelu_argument(x)));
    case Kind::kErf:
      return std::erf(x);
    case Kind::kExp:
      return std::exp(x);
    case Kind::kPower:
      return std::pow(x + f.beta, f.alpha);
  }
  return x;
}

double activation_slope(const ActivationSpec& f, double kept) {
  using Kind = ActivationSpec::Kind;
  switch (f.kind) {
    case Kind::kNone:
      return 1;
    case Kind::kRelu:
      return kept > 0 ? 1 : 0;
    case Kind::kClip:
      return kept > f.alpha && kept < f.beta ? 1 : 0;
    case Kind::kLeakyRelu:
      return kept > 0 ? 1 : f.alpha;
    case Kind::kSigmoid:
      return kept * (1 - kept);
    case Kind::kHardSigmoid:
      return kept > 0 && kept < 1 ? f.alpha : 0;
    case Kind::kHardSwish:
      return kept <= -3 ? 0 : kept >= 3 ? 1 : kept / 3 + 0.5;
    case Kind::kTanh:
      return 1 - kept * kept;
    case Kind::kElu:
      if (kept > 0) return 1;
      return slope_from_output(f) ? kept + f.alpha : f.alpha * std::exp(kept);
    case Kind::kGelu:
      return normal_below(kept) + kept * normal_density(kept);
    case Kind::kGeluTanh: {
      const double t = std::tanh(gelu_argument(kept));
      return 0.5 * (1 + t) + 0.5 * kept * (1 - t * t) * gelu_argument_slope(kept);
    }
    case Kind::kErf:
      return 2 * std::numbers::inv_sqrtpi * std::exp(-kept * kept);
    case Kind::kExp:
      return kept;
    case Kind::kPower:
      return f.alpha * std::pow(kept + f.beta, f.alpha - 1);
  }
  return 1;
}

Shape as_volume(const Shape& shape) {
  if (shape.rank() == 5) return shape;
  if (shape.rank() != 4) misfit(shape);
  return Shape{shape[0], shape[1], 1, shape[2], shape[3]};
}

Shape output_shape(const LinearSpec& spec, const Shape& input) {
  if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
    Shape shape = window_output(*convolution, convolution->dilations, input);
    if (input[1] != convolution->weight->shape()[1] * convolution->groups) misfit(input);
    shape[1] = convolution->channels_out;
    return shape;
  }
  if (const auto* dense = std::get_if<DenseSpec>(&spec)) {
    Shape shape = input;
    if (input.rank() < 1 || input[input.rank() - 1] != dense->weight->shape()[1]) misfit(input);
    shape[input.rank() - 1] = dense->weight->shape()[0];
    return shape;
  }
  if (const auto* average = std::get_if<AveragePoolSpec>(&spec))
    return window_output(*average, average->dilations, input);
  if (const auto* resample = std::get_if<ResampleSpec>(&spec)) {
    if (resample->axis < 0 || resample->axis >= input.rank() || resample->taps.empty()) misfit(input);
    Shape shape = input;
    shape[resample->axis] = resample->taps.back().to + 1;
    return shape;
  }
  if (const auto* transposed = std::get_if<TransposedConvolutionSpec>(&spec)) {
    if (output_shape(transposed->of, transposed->output) != input) misfit(input);
    return transposed->output;
  }
  return collapsed(input, std::get<SumSpec>(spec).axes);
}

Shape output_shape(const MaxSpec& spec, const Shape& input) {
  if (const auto* window = std::get_if<MaxWindowSpec>(&spec))
    return window_output(*window, window->dilations, input);
  return collapsed(input, std::get<MaxAxesSpec>(spec).axes);
}

}  // namespace relevid::kernels
