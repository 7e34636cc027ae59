// SPDX-License-Identifier: Apache-2.0
#include "network/specs.h"

#include <algorithm>

#include "network/network.h"

namespace relevid {
namespace {

/// Three spatial entries from two or three.
kernels::Extent extent(const std::vector<int64_t>& values, int64_t missing) {
  kernels::Extent result{missing, missing, missing};
  std::ranges::copy(values, result.end() - static_cast<std::ptrdiff_t>(values.size()));
  return result;
}

kernels::ConvolutionSpec convolution_spec(const graph::Convolution& op) {
  kernels::ConvolutionSpec spec;
  spec.weight = op.weight;
  spec.bias = op.bias;
  spec.groups = op.groups;
  spec.kernel = extent(op.window.kernel, 1);
  spec.strides = extent(op.window.strides, 1);
  spec.dilations = extent(op.window.dilations, 1);
  spec.pads_begin = extent(op.window.pads_begin, 0);
  spec.pads_end = extent(op.window.pads_end, 0);
  spec.channels_out = op.weight->shape()[0];
  return spec;
}

kernels::AveragePoolSpec average_spec(const graph::AveragePool& op) {
  kernels::AveragePoolSpec spec;
  spec.kernel = extent(op.window.kernel, 1);
  spec.strides = extent(op.window.strides, 1);
  spec.pads_begin = extent(op.window.pads_begin, 0);
  spec.pads_end = extent(op.window.pads_end, 0);
  if (op.count == graph::AveragePool::Count::kPadding) {
    spec.counted_begin = spec.pads_begin;
    spec.counted_end = extent(op.counted_end, 0);
  }
  return spec;
}

kernels::SumSpec sum_spec(const graph::Reduce& op, const Shape& input) {
  kernels::SumSpec spec{op.axes, 1};
  if (op.kind == graph::Reduce::Kind::kMean) {
    double count = 1;
    for (const int64_t axis : op.axes) count *= static_cast<double>(input[axis]);
    spec.scale = 1 / count;
  }
  return spec;
}

kernels::ResampleSpec resample_spec(const graph::Resample& op) {
  kernels::ResampleSpec spec{op.axis, {}};
  for (const auto& tap : op.taps) spec.taps.push_back({tap.to, tap.from, tap.weight});
  return spec;
}

}  // namespace

std::optional<kernels::LinearSpec> linear_spec(const graph::Graph& graph, const graph::Node& node) {
  if (const auto* op = std::get_if<graph::Convolution>(&node.op)) return convolution_spec(*op);
  if (const auto* op = std::get_if<graph::Dense>(&node.op)) return kernels::DenseSpec{op->weight, op->bias};
  if (const auto* op = std::get_if<graph::AveragePool>(&node.op)) return average_spec(*op);
  if (const auto* op = std::get_if<graph::Resample>(&node.op)) return resample_spec(*op);
  if (const auto* op = std::get_if<graph::TransposedConvolution>(&node.op)) {
    kernels::TransposedConvolutionSpec spec{convolution_spec(op->of), op->bias, graph.shape(node.output)};
    return spec;
  }
  if (const auto* op = std::get_if<graph::Reduce>(&node.op)) {
    if (op->kind != graph::Reduce::Kind::kMax) return sum_spec(*op, graph.shape(node.inputs[0]));
  }
  return std::nullopt;
}

std::optional<kernels::MaxSpec> max_spec(const graph::Node& node) {
  if (const auto* op = std::get_if<graph::MaxPool>(&node.op)) {
    return kernels::MaxWindowSpec{extent(op->window.kernel, 1), extent(op->window.strides, 1),
                                  extent(op->window.dilations, 1), extent(op->window.pads_begin, 0),
                                  extent(op->window.pads_end, 0)};
  }
  if (const auto* op = std::get_if<graph::Reduce>(&node.op)) {
    if (op->kind == graph::Reduce::Kind::kMax) return kernels::MaxAxesSpec{op->axes};
  }
  return std::nullopt;
}

kernels::ActivationSpec activation_spec(const graph::Activation& activation) {
  using From = graph::Activation::Kind;
  using To = kernels::ActivationSpec::Kind;
  const auto kind = [&] {
    switch (activation.kind) {
      case From::kRelu:
        return To::kRelu;
      case From::kClip:
        return To::kClip;
      case From::kLeakyRelu:
        return To::kLeakyRelu;
      case From::kSigmoid:
        return To::kSigmoid;
      case From::kHardSigmoid:
        return To::kHardSigmoid;
      case From::kHardSwish:
        return To::kHardSwish;
      case From::kTanh:
        return To::kTanh;
      case From::kElu:
        return To::kElu;
      case From::kGelu:
        return To::kGelu;
      case From::kGeluTanh:
        return To::kGeluTanh;
      case From::kErf:
        return To::kErf;
      case From::kExp:
        return To::kExp;
      case From::kPower:
        return To::kPower;
    }
    return To::kNone;
  };
  return {kind(), activation.alpha, activation.beta};
}

int64_t multiply_adds(const graph::Graph& graph, const graph::Node& node) {
  const int64_t outputs = graph.shape(node.output).elements();
  if (const auto* op = std::get_if<graph::Convolution>(&node.op)) {
    return outputs * (op->weight->elements() / op->weight->shape()[0]);
  }
  if (const auto* op = std::get_if<graph::Dense>(&node.op)) return outputs * op->weight->shape()[1];
  if (const auto* op = std::get_if<graph::TransposedConvolution>(&node.op)) {
    const Shape& input = graph.shape(node.inputs[0]);
    return input.elements() * (op->of.weight->elements() / op->of.weight->shape()[0]);
  }
  if (std::holds_alternative<graph::MatMul>(node.op)) return outputs * graph.shape(node.inputs[0])[2];
  return 0;
}

int64_t parameters(const graph::Node& node) {
  const auto count = [](const graph::TensorRef& tensor) { return tensor ? tensor->elements() : 0; };
  if (const auto* op = std::get_if<graph::Convolution>(&node.op)) return count(op->weight) + count(op->bias);
  if (const auto* op = std::get_if<graph::Dense>(&node.op)) return count(op->weight) + count(op->bias);
  if (const auto* op = std::get_if<graph::TransposedConvolution>(&node.op))
    return count(op->of.weight) + count(op->bias);
  if (const auto* op = std::get_if<graph::PRelu>(&node.op)) return count(op->slope);
  if (const auto* op = std::get_if<graph::Affine>(&node.op)) return count(op->scale) + count(op->shift);
  if (const auto* op = std::get_if<graph::BatchNorm>(&node.op)) return count(op->scale) + count(op->shift);
  return 0;
}

}  // namespace relevid
