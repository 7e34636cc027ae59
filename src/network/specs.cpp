// SPDX-License-Identifier: Apache-2.0
#include "network/specs.h"

#include <algorithm>

#include "base/overloaded.h"
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

}  // namespace

std::optional<kernels::LinearSpec> linear_spec(const graph::Graph& graph, const graph::Node& node) {
  using Spec = std::optional<kernels::LinearSpec>;
  return std::visit(
      Overloaded{
          [](const graph::Convolution& op) -> Spec { return convolution_spec(op); },
          [](const graph::Dense& op) -> Spec {
            return kernels::DenseSpec{op.weight, op.bias};
          },
          [](const graph::AveragePool& op) -> Spec { return average_spec(op); },
          [](const graph::Resample& op) -> Spec {
            return kernels::ResampleSpec{op.axis, op.taps};
          },
          [&](const graph::TransposedConvolution& op) -> Spec {
            return kernels::TransposedConvolutionSpec{convolution_spec(op.of), op.bias,
                                                      graph.shape(node.output)};
          },
          [&](const graph::Reduce& op) -> Spec {
            if (op.kind == graph::Reduce::Kind::kMax) return std::nullopt;
            return sum_spec(op, graph.shape(node.inputs[0]));
          },
          [](const OneOf<graph::MaxPool, Activation, graph::PRelu, graph::Affine, graph::Add, graph::Multiply,
                         graph::MatMul, graph::Attention, graph::Softmax, graph::Standardise,
                         graph::BatchNorm, graph::Dropout, graph::Concat, graph::Slice, graph::Pad,
                         graph::Reshape, graph::Transpose> auto&) -> Spec { return std::nullopt; }},
      node.op);
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

kernels::AttentionSpec attention_spec(const graph::Attention& op) {
  kernels::AttentionSpec spec{op.scale, {}};
  for (const auto& [values, repeat] : op.biases) spec.biases.push_back({values, repeat});
  return spec;
}

kernels::StandardiseSpec standardise_spec(const graph::Standardise& op) {
  using Centring = kernels::StandardiseSpec::Centring;
  return {op.axes, op.epsilon, op.centring == graph::Centring::kMean ? Centring::kMean : Centring::kNone,
          op.scale, op.shift};
}

int64_t multiply_adds(const graph::Graph& graph, const graph::Node& node) {
  const int64_t outputs = graph.shape(node.output).elements();
  const Shape& input = graph.shape(node.inputs[0]);
  const auto for_each_channel = [](const graph::Convolution& op) {
    return op.weight->elements() / op.weight->shape()[0];
  };
  return std::visit(
      Overloaded{
          [&](const graph::Convolution& op) { return outputs * for_each_channel(op); },
          [&](const graph::Dense& op) { return outputs * op.weight->shape()[1]; },
          [&](const graph::TransposedConvolution& op) { return input.elements() * for_each_channel(op.of); },
          [&](const graph::MatMul&) { return outputs * input[2]; },
          [&](const graph::Attention&) {
            const Shape& values = graph.shape(node.inputs[2]);
            return input[0] * input[1] * values[1] * (input[2] + values[2]);
          },
          // Not products of matrices: what they compute is small beside what they move.
          [](const OneOf<graph::MaxPool, graph::AveragePool, graph::Reduce, graph::Resample, Activation,
                         graph::PRelu, graph::Affine, graph::Add, graph::Multiply, graph::Softmax,
                         graph::Standardise, graph::BatchNorm, graph::Dropout, graph::Concat, graph::Slice,
                         graph::Pad, graph::Reshape, graph::Transpose> auto&) { return int64_t{0}; }},
      node.op);
}

int64_t parameters(const graph::Node& node) {
  const auto count = [](const graph::TensorRef& tensor) { return tensor ? tensor->elements() : 0; };
  return std::visit(
      Overloaded{[&](const OneOf<graph::Convolution, graph::Dense> auto& op) {
                   return count(op.weight) + count(op.bias);
                 },
                 [&](const graph::TransposedConvolution& op) { return count(op.of.weight) + count(op.bias); },
                 [&](const graph::PRelu& op) { return count(op.slope); },
                 [&](const OneOf<graph::Affine, graph::BatchNorm, graph::Standardise> auto& op) {
                   return count(op.scale) + count(op.shift);
                 },
                 [](const OneOf<graph::MaxPool, graph::AveragePool, graph::Reduce, graph::Resample,
                                Activation, graph::Add, graph::Multiply, graph::MatMul, graph::Attention,
                                graph::Softmax, graph::Dropout, graph::Concat, graph::Slice, graph::Pad,
                                graph::Reshape, graph::Transpose> auto&) { return int64_t{0}; }},
      node.op);
}

}  // namespace relevid
