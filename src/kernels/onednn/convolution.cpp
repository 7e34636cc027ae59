// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <dnnl.hpp>
#include <string>

#include "kernels/onednn/device.h"
#include "kernels/onednn/prepared_weights.h"
#include "kernels/onednn/stem_adjoint.h"

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

memory::dims dims(const Extent& extent) {
  return {extent[0], extent[1], extent[2]};
}
memory::dims minus_one(const Extent& extent) {
  return {extent[0] - 1, extent[1] - 1, extent[2] - 1};
}

/// One direction of a convolution: its primitive, and the layouts that it wants.
struct Pass {
  dnnl::primitive primitive;
  memory::desc source, weights, target;
  bool is_plain_reference = false;
};

memory::desc any_layout(const memory::desc& desc) {
  return {desc.dims(), desc.data_type(), memory::format_tag::any};
}

bool is_reference(const char* implementation) {
  return std::string(implementation).find("ref") != std::string::npos;
}

memory::desc weight_desc(const ConvolutionSpec& spec, int64_t channels_in, memory::format_tag tag) {
  const Extent& k = spec.kernel;
  if (spec.groups == 1)
    return {{spec.channels_out, channels_in, k[0], k[1], k[2]}, memory::data_type::f32, tag};
  return {{spec.groups, spec.channels_out / spec.groups, channels_in / spec.groups, k[0], k[1], k[2]},
          memory::data_type::f32,
          tag};
}

Pass make_forward(Device& device, const ConvolutionSpec& spec, int64_t channels_in,
                  const memory::desc& source, const memory::desc& target,
                  const dnnl::primitive_attr& attributes) {
  const memory::desc bias({spec.channels_out}, memory::data_type::f32, memory::format_tag::a);
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
      weight_desc(spec, channels_in, memory::format_tag::any), bias, target, dims(spec.strides),
      minus_one(spec.dilations), dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_forward::primitive_desc prepared(desc, attributes, device.engine());
  return {dnnl::convolution_forward(prepared), prepared.src_desc(), prepared.weights_desc(),
          prepared.dst_desc(), is_reference(prepared.impl_info_str())};
}

Pass make_backward(Device& device, const ConvolutionSpec& spec, int64_t channels_in,
                   const memory::desc& source, const memory::desc& target) {
  const auto weights = weight_desc(spec, channels_in, memory::format_tag::any);
  const dnnl::convolution_forward::desc hint_desc(
      dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, target, weights, source,
      dims(spec.strides), minus_one(spec.dilations), dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_forward::primitive_desc hint(hint_desc, device.engine());
  const dnnl::convolution_backward_data::desc desc(dnnl::algorithm::convolution_direct, target, weights,
                                                   source, dims(spec.strides), minus_one(spec.dilations),
                                                   dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_backward_data::primitive_desc prepared(desc, device.engine(), hint);
  return {dnnl::convolution_backward_data(prepared), prepared.diff_dst_desc(), prepared.weights_desc(),
          prepared.diff_src_desc(), is_reference(prepared.impl_info_str())};
}

/// The pass in our own layouts; where oneDNN has no fast kernel for those (groups that do not fill a block),
/// in the layouts that it prefers, with a reorder before and behind.
template <class Make>
Pass make_fast(const memory::desc& source, const memory::desc& target, Make&& make) {
  try {
    Pass pass = make(source, target);
    if (!pass.is_plain_reference) return pass;
  } catch (const dnnl::error&) {  // not implemented for these layouts
  }
  return make(any_layout(source), any_layout(target));
}

class Convolution final : public LinearMap {
 public:
  Convolution(Device& device, const ConvolutionSpec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device),
        spec_(spec),
        input_(input),
        output_(output_shape(spec, input)),
        epilogue_(epilogue),
        weights_(spec.weight,
                 weight_desc(spec, input[1],
                             spec.groups == 1 ? memory::format_tag::oidhw : memory::format_tag::goidhw)),
        bias_(spec.bias, spec.channels_out) {
    dnnl::post_ops ops;
    if (epilogue.residual == Epilogue::Residual::kAdded) ops.append_sum(1);
    activation_is_fused_ = append_activation(ops, epilogue.activation);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    forward_ = forward_pass(attributes);
    apply_ = ops.len() == 0 ? forward_ : forward_pass({});
    if (spec.groups == 1 && input[1] <= kPlainChannels)
      stem_adjoint_ = std::make_unique<StemAdjoint>(device, spec, input);
  }

  Buffer forward(const Buffer& x, Buffer residual) override {
    if (residual && !residual.is_only_handle()) {
      Buffer copy = device_.allocate(output_);
      std::copy_n(residual.data<float>(), device_.floats(output_), copy.data<float>());
      residual = std::move(copy);
    }
    Buffer y = residual ? std::move(residual) : device_.allocate(output_);
    run(forward_, x, weights_.get(device_, {}, forward_.weights), &bias_.get(device_, {BiasPart::Kind::kAll}),
        y);
    if (!activation_is_fused_) activate_in_place(device_, y, epilogue_.activation);
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart part) override {
    Buffer y = device_.allocate(output_);
    run(apply_, x, weights_.get(device_, weight, apply_.weights), &bias_.get(device_, part), y);
    return y;
  }

  Buffer adjoint(const Buffer& s, WeightTransform weight) override {
    if (stem_adjoint_) return std::move(stem_adjoint_->run(s, std::span(&weight, 1)).front());
    if (!adjoint_.primitive) {
      adjoint_ = make_fast(device_.volume_desc(output_), device_.volume_desc(input_),
                           [&](const memory::desc& source, const memory::desc& target) {
                             return make_backward(device_, spec_, input_[1], source, target);
                           });
    }
    Buffer y = device_.allocate(input_);
    run(adjoint_, s, weights_.get(device_, weight, adjoint_.weights), nullptr, y);
    return y;
  }

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    if (stem_adjoint_) return stem_adjoint_->run(s, weights);
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  std::vector<double> bias_dot(const Buffer& s, BiasPart part) override {
    return channel_dot(device_, s, bias_.tensor(), part);
  }

 private:
  Pass forward_pass(const dnnl::primitive_attr& attributes) {
    return make_fast(device_.volume_desc(input_), device_.volume_desc(output_),
                     [&](const memory::desc& source, const memory::desc& target) {
                       return make_forward(device_, spec_, input_[1], source, target, attributes);
                     });
  }

  /// Runs a pass between buffers in our own layouts, with reorders where the pass wants others.
  void run(const Pass& pass, const Buffer& x, const memory& weights, const memory* bias, Buffer& y) {
    const bool backward = bias == nullptr;
    memory source = device_.wrap(device_.volume_desc(x.shape()), x);
    memory target = device_.wrap(device_.volume_desc(y.shape()), y);
    if (source.get_desc() != pass.source) {
      const memory wanted(pass.source, device_.engine());
      device_.reorder(source, wanted);
      source = wanted;
    }
    const bool convert = target.get_desc() != pass.target;
    memory produced = convert ? memory(pass.target, device_.engine()) : target;
    if (convert && !backward && epilogue_.residual == Epilogue::Residual::kAdded)
      device_.reorder(target, produced);
    if (backward) {
      device_.run(pass.primitive,
                  {{DNNL_ARG_DIFF_DST, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_SRC, produced}});
    } else {
      device_.run(pass.primitive, {{DNNL_ARG_SRC, source},
                                   {DNNL_ARG_WEIGHTS, weights},
                                   {DNNL_ARG_BIAS, *bias},
                                   {DNNL_ARG_DST, produced}});
    }
    if (convert) device_.reorder(produced, target);
  }

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
  Epilogue epilogue_;
  PreparedWeights weights_;
  PreparedBias bias_;
  bool activation_is_fused_ = false;
  Pass forward_, apply_, adjoint_;
  std::unique_ptr<StemAdjoint> stem_adjoint_;  ///< where the input has few channels
};

}  // namespace

std::unique_ptr<LinearMap> make_convolution(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                            const Epilogue& epilogue) {
  return std::make_unique<Convolution>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
