// SPDX-License-Identifier: Apache-2.0
#include "kernels/specs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/overloaded.h"
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
    case Kind::kAbsolute:
      return std::abs(w);
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
    case Kind::kAbsolute:
      return std::abs(b);
  }
  return b;
}

AttentionSizes attention_sizes(const AttentionSpec& spec, const Shape& q, const Shape& k, const Shape& v) {
  const bool fits = q.rank() == 3 && k.rank() == 3 && v.rank() == 3 && k[0] == q[0] && v[0] == q[0] &&
                    q[2] == k[1] && k[2] == v[1];
  if (!fits) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("no attention of queries {}, keys {} and values {}",
                                                         q.to_string(), k.to_string(), v.to_string()));
  }
  const AttentionSizes sizes{q[0], q[1], q[2], k[2], v[2]};
  for (const AttentionSpec::Bias& bias : spec.biases) {
    const Shape& shape = bias.values->shape();
    if (shape.rank() == 3 && shape[0] > 0 && bias.repeat > 0 && shape[1] == sizes.rows &&
        shape[2] == sizes.keys)
      continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("an attention of queries {} and keys {} takes no bias {}", q.to_string(),
                            k.to_string(), shape.to_string()));
  }
  return sizes;
}

Shape as_volume(const Shape& shape) {
  if (shape.rank() == 5) return shape;
  if (shape.rank() != 4) misfit(shape);
  return Shape{shape[0], shape[1], 1, shape[2], shape[3]};
}

Shape output_shape(const LinearSpec& spec, const Shape& input) {
  return std::visit(
      Overloaded{
          [&](const ConvolutionSpec& convolution) {
            Shape shape = window_output(convolution, convolution.dilations, input);
            if (input[1] != convolution.weight->shape()[1] * convolution.groups) misfit(input);
            shape[1] = convolution.channels_out;
            return shape;
          },
          [&](const DenseSpec& dense) {
            Shape shape = input;
            if (input.rank() < 1 || input[input.rank() - 1] != dense.weight->shape()[1]) misfit(input);
            shape[input.rank() - 1] = dense.weight->shape()[0];
            return shape;
          },
          [&](const AveragePoolSpec& average) { return window_output(average, average.dilations, input); },
          [&](const SumSpec& sum) { return collapsed(input, sum.axes); },
          [&](const ResampleSpec& resample) {
            if (resample.axis < 0 || resample.axis >= input.rank() || resample.taps.empty()) misfit(input);
            Shape shape = input;
            shape[resample.axis] = resample.taps.back().to + 1;
            return shape;
          },
          [&](const TransposedConvolutionSpec& transposed) {
            if (output_shape(transposed.of, transposed.output) != input) misfit(input);
            return transposed.output;
          }},
      spec);
}

Shape output_shape(const MaxSpec& spec, const Shape& input) {
  return std::visit(
      Overloaded{[&](const MaxWindowSpec& window) { return window_output(window, window.dilations, input); },
                 [&](const MaxAxesSpec& axes) { return collapsed(input, axes.axes); }},
      spec);
}

}  // namespace relevid::kernels
