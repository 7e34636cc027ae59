// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <dnnl.hpp>
#include <optional>
#include <utility>

#include "kernels/onednn/activations.h"
#include "kernels/onednn/convolution_desc.h"
#include "kernels/onednn/convolution_gradient.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/maximum_window.h"
#include "kernels/onednn/ones_convolution.h"
#include "kernels/onednn/operand.h"
#include "kernels/onednn/prepared_weights.h"
#include "kernels/onednn/sparse_convolution.h"
#include "kernels/onednn/stem_adjoint.h"
#include "kernels/onednn/winograd_convolution.h"

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

/// One direction of a convolution: its primitive, and the layouts that it wants.
struct Pass {
  dnnl::primitive primitive;
  memory::desc source, weights, target;
  bool is_plain_loops = false;
};

/// A convolution over frames alone sees a frame as one row of pixels: the values lie the same, and oneDNN's
/// kernels, which go along rows, take down to half the time (144 channels to 64 at 16x56x56: 9 ms for 21).
/// Rows of fewer pixels gain nothing.
constexpr int64_t kLeastPixels = 28 * 28;

bool is_over_frames_alone(const ConvolutionSpec& spec, const Shape& input) {
  const auto is = [](const Extent& extent, int64_t value) {
    return extent[1] == value && extent[2] == value;
  };
  const Shape volume = as_volume(input);
  return spec.kernel[0] > 1 && is(spec.kernel, 1) && is(spec.strides, 1) && is(spec.pads_begin, 0) &&
         is(spec.pads_end, 0) && spec.groups == 1 && volume[3] * volume[4] >= kLeastPixels;
}

/// The same convolution of frames as rows, [N, C, 1, T, H W].
ConvolutionSpec of_rows(ConvolutionSpec spec) {
  for (Extent* extent : {&spec.kernel, &spec.strides, &spec.dilations, &spec.pads_begin, &spec.pads_end})
    std::swap((*extent)[0], (*extent)[1]);
  return spec;
}
Shape as_rows(const Shape& shape) {
  const Shape volume = as_volume(shape);
  return Shape{volume[0], volume[1], 1, volume[2], volume[3] * volume[4]};
}

/// A convolution of one tap reads every stride-th input and no other. oneDNN's adjoint of it runs at a tenth
/// of what memory allows.
bool skips_inputs(const ConvolutionSpec& spec) {
  const Extent ones{1, 1, 1}, zeros{};
  return spec.kernel == ones && spec.strides != ones && spec.groups == 1 && spec.pads_begin == zeros &&
         spec.pads_end == zeros;
}

/// y[.., i stride, ..] = x[.., i, ..] in the three axes after the channels, zeros between.
Buffer spread_out(Device& device, const Buffer& x, const Shape& shape, const Extent& strides) {
  Buffer y = device.allocate(shape);
  const Layout from = device.layout(x.shape()), to = device.layout(shape);
  const float* source = x.data<float>();
  float* target = y.data<float>();
  const int64_t row = to.width * to.block;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < to.planes(); ++plane) {
    for (int64_t at = 0; at < to.time * to.height; ++at) {
      float* values = target + (plane * to.time * to.height + at) * row;
      std::fill_n(values, row, 0.0F);
      const int64_t t = at / to.height, h = at % to.height;
      if (t % strides[0] != 0 || h % strides[1] != 0) continue;
      const float* given = source + ((plane * from.time + t / strides[0]) * from.height + h / strides[1]) *
                                        from.width * to.block;
      for (int64_t w = 0; w < from.width; ++w)
        std::copy_n(given + w * to.block, to.block, values + w * strides[2] * to.block);
    }
  }
  return y;
}

Pass make_forward(Device& device, const ConvolutionSpec& spec, int64_t channels_in,
                  const memory::desc& source, const memory::desc& target,
                  const dnnl::primitive_attr& attributes) {
  const memory::desc bias({spec.channels_out}, memory::data_type::f32, memory::format_tag::a);
  const dnnl::convolution_forward::desc desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
      weight_desc(spec, channels_in, memory::format_tag::any, source.data_type()), bias, target,
      dims(spec.strides), minus_one(spec.dilations), dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_forward::primitive_desc prepared(desc, attributes, device.engine());
  return {dnnl::convolution_forward(prepared), prepared.src_desc(), prepared.weights_desc(),
          prepared.dst_desc(), is_plain_loops(prepared.impl_info_str())};
}

Pass make_backward(Device& device, const ConvolutionSpec& spec, int64_t channels_in,
                   const memory::desc& source, const memory::desc& target) {
  const auto weights = weight_desc(spec, channels_in, memory::format_tag::any, source.data_type());
  const dnnl::convolution_forward::desc hint_desc(
      dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct,
      any_layout(target, source.data_type()), weights, source, dims(spec.strides), minus_one(spec.dilations),
      dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_forward::primitive_desc hint(hint_desc, device.engine());
  const dnnl::convolution_backward_data::desc desc(dnnl::algorithm::convolution_direct, target, weights,
                                                   source, dims(spec.strides), minus_one(spec.dilations),
                                                   dims(spec.pads_begin), dims(spec.pads_end));
  const dnnl::convolution_backward_data::primitive_desc prepared(desc, device.engine(), hint);
  return {dnnl::convolution_backward_data(prepared), prepared.diff_dst_desc(), prepared.weights_desc(),
          prepared.diff_src_desc(), is_plain_loops(prepared.impl_info_str())};
}

/// The pass in our own layouts; where oneDNN has no fast kernel for those (groups that do not fill a block),
/// in the layouts that it prefers, with a reorder before and after. With bf16, what is read is rounded by
/// that reorder, and results stay float32.
template <class Make>
Pass make_fast(const memory::desc& source, const memory::desc& target, bool in_bf16, Make&& make) {
  if (in_bf16) {
    try {
      Pass pass = make(any_layout(source, memory::data_type::bf16), any_layout(target));
      if (!pass.is_plain_loops) return pass;
    } catch (const dnnl::error&) {  // not implemented for bf16
    }
  }
  try {
    Pass pass = make(source, target);
    if (!pass.is_plain_loops) return pass;
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
        weights_(spec.weight, plain_weight_desc(spec, input[1])),
        bias_(spec.bias, spec.channels_out),
        ones_(device, spec, input),
        in_bf16_(device.rounds_to_bf16() && input[1] > kPlainChannels) {
    if (is_over_frames_alone(spec, input)) {
      rows_spec_ = of_rows(spec);
      rows_weights_.emplace(spec.weight, plain_weight_desc(*rows_spec_, input[1]));
    }
    dnnl::post_ops ops;
    if (epilogue.residual == Epilogue::Residual::kAdded) ops.append_sum(1);
    activation_is_fused_ = append_activation(ops, epilogue.activation);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(ops);
    winograd_ = WinogradConvolution::make(device, spec, input);
    const bool forward_in_bf16 = in_bf16_ && !epilogue.in_float32;
    if (!winograd_) forward_ = forward_pass(attributes, forward_in_bf16);
    const bool is_forward = !winograd_ && ops.len() == 0 && forward_in_bf16 == in_bf16_;
    apply_ = is_forward ? forward_ : forward_pass({}, in_bf16_);
    if (spec.groups == 1 && input[1] <= kPlainChannels)
      stem_adjoint_ = std::make_unique<StemAdjoint>(device, spec, input);
    sparse_ = SparseConvolution::make(device, spec, input);
  }

  Buffer forward(const Buffer& x, Buffer residual) override {
    if (winograd_) return winograd_forward(x, residual);
    if (residual && !residual.is_only_handle()) residual = device_.copy_of(residual);
    Buffer y = residual ? std::move(residual) : device_.allocate(output_);
    run(forward_, x, forward_weights().get(device_, {}, forward_.weights),
        &bias_.get(device_, {BiasPart::Kind::kAll}), y);
    if (!activation_is_fused_) activate_in_place(device_, y, epilogue_.activation);
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform weight, BiasPart part) override {
    if (is_ones(weight)) return ones_.apply(x, bias_values(part));
    // W itself as forward has it, so that z is the activation's own wherever relevance is divided by it.
    // Denominators of other functions of W stay exact to a rounding of their own, however small: a winograd
    // convolution is off by a part of the largest output nearby.
    if (winograd_ && weight.kind == WeightTransform::Kind::kAsIs)
      return winograd_->apply(x, weight, bias_.get(device_, part));
    Buffer y = device_.allocate(output_);
    run(apply_, x, forward_weights().get(device_, weight, apply_.weights), &bias_.get(device_, part), y);
    return y;
  }

  Buffer apply_where(const Buffer& x, const Buffer& r, WeightTransform weight, BiasPart part) override {
    if (is_ones(weight) || !sparse_ ||
        !sparse_->pays_for(SparseConvolution::Direction::kApply, r, dense_time(weight)))
      return apply(x, weight, part);
    return sparse_->apply_where(x, r, weight, bias_values(part));
  }

  Buffer apply_at(const Winners& winners, const Buffer& x, const Buffer& r, WeightTransform weight,
                  BiasPart part) override {
    const auto* window = dynamic_cast<const MaxWindow*>(winners.maximum);
    if (is_ones(weight) || !sparse_ || !window ||
        !sparse_->pays_for(SparseConvolution::Direction::kApply, *window, r, dense_time(weight)))
      return LinearMap::apply_at(winners, x, r, weight, part);
    return sparse_->apply_at(*window, winners.places, x, r, weight, bias_values(part));
  }

  std::vector<Buffer> adjoints_at(const Winners& winners, const Buffer& s,
                                  std::span<const WeightTransform> weights) override {
    const auto* window = dynamic_cast<const MaxWindow*>(winners.maximum);
    if (!sparse_ || !window || std::ranges::any_of(weights, is_ones) ||
        !sparse_->pays_for(SparseConvolution::Direction::kAdjoint, *window, s, dense_time()))
      return LinearMap::adjoints_at(winners, s, weights);
    std::vector<Buffer> result;
    for (const auto& weight : weights)
      result.push_back(sparse_->adjoint_at(*window, winners.places, s, weight));
    return result;
  }

  Buffer adjoint(const Buffer& s, WeightTransform weight) override {
    if (is_ones(weight)) return ones_.adjoint(s);
    if (sparse_ && sparse_->pays_for(SparseConvolution::Direction::kAdjoint, s, dense_time()))
      return sparse_->adjoint(s, weight);
    if (winograd_) return winograd_->adjoint(s, weight);
    if (stem_adjoint_) return std::move(stem_adjoint_->run(s, std::span(&weight, 1)).front());
    return dense_adjoint(s, weight);
  }

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    if (stem_adjoint_ && std::ranges::none_of(weights, is_ones)) return stem_adjoint_->run(s, weights);
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  Sums bias_dot(const Buffer& s, BiasPart part) override {
    return channel_dot(device_, s, bias_.tensor(), part);
  }

  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override {
    if (!gradient_) gradient_ = std::make_unique<ConvolutionGradient>(device_, spec_, input_);
    return gradient_->run(x, g);
  }

  void parameters_changed() override {
    weights_.changed();
    if (rows_weights_) rows_weights_->changed();
    bias_.changed();
    if (stem_adjoint_) stem_adjoint_->weights_changed();
    if (sparse_) sparse_->weights_changed();
    if (winograd_) winograd_->weights_changed();
  }

 private:
  static bool is_ones(WeightTransform weight) { return weight.kind == WeightTransform::Kind::kOnes; }

  Buffer winograd_forward(const Buffer& x, const Buffer& residual) {
    const Activation& f = epilogue_.activation;
    const bool rectifies = f.kind == Activation::Kind::kRelu;
    Buffer y = winograd_->apply(x, {}, bias_.get(device_, {BiasPart::Kind::kAll}), residual, rectifies);
    if (!rectifies) activate_in_place(device_, y, f);
    return y;
  }

  /// What a dense adjoint, or a dense W'x, takes over a direct convolution in float32: on layers of C3D.
  double dense_time(WeightTransform weight = {}) const {
    constexpr double kByWinograd = 0.45, kInBfloat16 = 0.65;
    if (winograd_ && weight.kind == WeightTransform::Kind::kAsIs) return kByWinograd;
    return in_bf16_ ? kInBfloat16 : 1;
  }

  const float* bias_values(BiasPart part) {
    return static_cast<const float*>(bias_.get(device_, part).get_data_handle());
  }

  Pass forward_pass(const dnnl::primitive_attr& attributes, bool in_bf16) {
    return make_fast(forward_desc(input_), forward_desc(output_), in_bf16,
                     [&](const memory::desc& source, const memory::desc& target) {
                       const ConvolutionSpec& spec = rows_spec_ ? *rows_spec_ : spec_;
                       return make_forward(device_, spec, input_[1], source, target, attributes);
                     });
  }
  /// How a buffer lies for forward_ and apply_.
  memory::desc forward_desc(const Shape& shape) const {
    return device_.volume_desc(rows_spec_ ? as_rows(shape) : shape);
  }
  PreparedWeights& forward_weights() { return rows_weights_ ? *rows_weights_ : weights_; }

  Buffer dense_adjoint(const Buffer& s, WeightTransform weight) {
    const bool skips = skips_inputs(spec_);
    Shape read = skips ? output_ : input_;
    read[1] = input_[1];
    if (!adjoint_.primitive) {
      ConvolutionSpec spec = spec_;
      if (skips) spec.strides = {1, 1, 1};
      adjoint_ = make_fast(device_.volume_desc(output_), device_.volume_desc(read), in_bf16_,
                           [&](const memory::desc& source, const memory::desc& target) {
                             return make_backward(device_, spec, input_[1], source, target);
                           });
    }
    Buffer y = device_.allocate(read);
    run(adjoint_, s, weights_.get(device_, weight, adjoint_.weights), nullptr, y);
    return skips ? spread_out(device_, y, input_, spec_.strides) : std::move(y);
  }

  /// Runs a pass between buffers in our own layouts, with reorders where the pass wants others.
  void run(const Pass& pass, const Buffer& x, const memory& weights, const memory* bias, Buffer& y) {
    const bool backward = bias == nullptr;
    const auto lies = [&](const Buffer& buffer) {
      return backward ? device_.volume_desc(buffer.shape()) : forward_desc(buffer.shape());
    };
    const Operand source(device_, x, lies(x), pass.source), target(device_, y, lies(y), pass.target);
    source.read();
    if (!backward && epilogue_.residual == Epilogue::Residual::kAdded) target.read();
    if (backward) {
      device_.run(pass.primitive, {{DNNL_ARG_DIFF_DST, source.memory()},
                                   {DNNL_ARG_WEIGHTS, weights},
                                   {DNNL_ARG_DIFF_SRC, target.memory()}});
    } else {
      device_.run(pass.primitive, {{DNNL_ARG_SRC, source.memory()},
                                   {DNNL_ARG_WEIGHTS, weights},
                                   {DNNL_ARG_BIAS, *bias},
                                   {DNNL_ARG_DST, target.memory()}});
    }
    target.write_back();
  }

  Device& device_;
  ConvolutionSpec spec_;
  Shape input_, output_;
  Epilogue epilogue_;
  PreparedWeights weights_;
  PreparedBias bias_;
  OnesConvolution ones_;
  /// Not a stem's, whose denominators under zB are small differences of large sums.
  bool in_bf16_;
  bool activation_is_fused_ = false;
  std::optional<ConvolutionSpec> rows_spec_;  ///< of forward_ and apply_, where they take frames as rows
  std::optional<PreparedWeights> rows_weights_;
  Pass forward_, apply_, adjoint_;                 ///< forward_ where winograd_ is not
  std::unique_ptr<StemAdjoint> stem_adjoint_;      ///< where the input has few channels
  std::unique_ptr<SparseConvolution> sparse_;      ///< where it can be done so
  std::unique_ptr<WinogradConvolution> winograd_;  ///< where it pays
  std::unique_ptr<ConvolutionGradient> gradient_;  ///< once it was asked for
};

}  // namespace

std::unique_ptr<LinearMap> make_convolution(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                            const Epilogue& epilogue) {
  return std::make_unique<Convolution>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
