// SPDX-License-Identifier: Apache-2.0
#include "kernels/specs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

bool slope_from_output(const ActivationSpec& f) {
  using Kind = ActivationSpec::Kind;
  const bool bends_back = f.alpha < 0 && (f.kind == Kind::kLeakyRelu || f.kind == Kind::kElu);
  return f.kind != Kind::kHardSwish && !bends_back;
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
  return collapsed(input, std::get<SumSpec>(spec).axes);
}

Shape output_shape(const MaxSpec& spec, const Shape& input) {
  if (const auto* window = std::get_if<MaxWindowSpec>(&spec))
    return window_output(*window, window->dilations, input);
  return collapsed(input, std::get<MaxAxesSpec>(spec).axes);
}

}  // namespace relevid::kernels
