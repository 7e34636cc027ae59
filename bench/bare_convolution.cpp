// SPDX-License-Identifier: Apache-2.0
#include "bare_convolution.h"

#include <algorithm>

#include "network/network.h"

namespace relevid::bench {
namespace {

using dnnl::memory;

memory::desc any_layout(const memory::dims& dims) {
  return {dims, memory::data_type::f32, memory::format_tag::any};
}

memory::dims dims(const kernels::Extent& extent) {
  return {extent[0], extent[1], extent[2]};
}

/// Filled with small numbers: the time must not hang on zeros or denormals.
memory filled(const memory::desc& desc, const dnnl::engine& engine) {
  memory result(desc, engine);
  auto* values = static_cast<float*>(result.get_data_handle());
  for (size_t i = 0; i < desc.get_size() / sizeof(float); ++i) {
    values[i] = 0.01F * static_cast<float>(i % 17) - 0.05F;
  }
  return result;
}

}  // namespace

BareConvolution::BareConvolution(const dnnl::engine& engine, const kernels::ConvolutionSpec& spec,
                                 const Shape& input, Use use) {
  const auto source = any_layout(kernels::as_volume(input).dims());
  const auto target = any_layout(kernels::output_shape(spec, input).dims());
  const auto bias = memory::desc({spec.channels_out}, memory::data_type::f32, memory::format_tag::a);
  memory::dims weight_dims = spec.weight->shape().dims();
  if (spec.groups > 1) {
    weight_dims[0] /= spec.groups;
    weight_dims.insert(weight_dims.begin(), spec.groups);
  }
  const auto weights = any_layout(weight_dims);
  const memory::dims dilations = {spec.dilations[0] - 1, spec.dilations[1] - 1, spec.dilations[2] - 1};
  const auto begin = dims(spec.pads_begin), end = dims(spec.pads_end);

  const dnnl::convolution_forward::desc forward(dnnl::prop_kind::forward_inference,
                                                dnnl::algorithm::convolution_direct, source, weights, bias,
                                                target, dims(spec.strides), dilations, begin, end);
  const dnnl::convolution_forward::primitive_desc prepared(forward, engine);
  forward_ = {dnnl::convolution_forward(prepared),
              {{DNNL_ARG_SRC, filled(prepared.src_desc(), engine)},
               {DNNL_ARG_WEIGHTS, filled(prepared.weights_desc(), engine)},
               {DNNL_ARG_BIAS, filled(bias, engine)},
               {DNNL_ARG_DST, filled(prepared.dst_desc(), engine)}}};

  const dnnl::convolution_backward_data::desc backward(dnnl::algorithm::convolution_direct, source, weights,
                                                       target, dims(spec.strides), dilations, begin, end);
  const dnnl::convolution_backward_data::primitive_desc prepared_backward(backward, engine, prepared);
  backward_data_ = {dnnl::convolution_backward_data(prepared_backward),
                    {{DNNL_ARG_DIFF_DST, filled(prepared_backward.diff_dst_desc(), engine)},
                     {DNNL_ARG_WEIGHTS, filled(prepared_backward.weights_desc(), engine)},
                     {DNNL_ARG_DIFF_SRC, filled(prepared_backward.diff_src_desc(), engine)}}};

  if (use == Use::kExplanation) return;
  const dnnl::convolution_backward_weights::desc by_weights(dnnl::algorithm::convolution_direct, source,
                                                            weights, bias, target, dims(spec.strides),
                                                            dilations, begin, end);
  const dnnl::convolution_backward_weights::primitive_desc prepared_weights(by_weights, engine, prepared);
  backward_weights_ = {dnnl::convolution_backward_weights(prepared_weights),
                       {{DNNL_ARG_SRC, filled(prepared_weights.src_desc(), engine)},
                        {DNNL_ARG_DIFF_DST, filled(prepared_weights.diff_dst_desc(), engine)},
                        {DNNL_ARG_DIFF_WEIGHTS, filled(prepared_weights.diff_weights_desc(), engine)},
                        {DNNL_ARG_DIFF_BIAS, filled(bias, engine)}}};
}

void BareConvolution::run_forward(dnnl::stream& stream) {
  forward_.primitive.execute(stream, forward_.arguments);
  stream.wait();
}

void BareConvolution::run_backward_data(dnnl::stream& stream) {
  backward_data_.primitive.execute(stream, backward_data_.arguments);
  stream.wait();
}

void BareConvolution::run_backward_weights(dnnl::stream& stream) {
  backward_weights_.primitive.execute(stream, backward_weights_.arguments);
  stream.wait();
}

std::vector<BareConvolution> bare_convolutions(const dnnl::engine& engine, const graph::Graph& graph,
                                               BareConvolution::Use use) {
  std::vector<BareConvolution> result;
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Convolution>(node.op)) continue;
    result.emplace_back(engine, std::get<kernels::ConvolutionSpec>(*linear_spec(graph, node)),
                        graph.shape(node.inputs[0]), use);
  }
  return result;
}

}  // namespace relevid::bench
