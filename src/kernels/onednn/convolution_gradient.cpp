// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/convolution_gradient.h"

#include <algorithm>

#include "kernels/onednn/channel_rows.h"
#include "kernels/onednn/convolution_desc.h"
#include "kernels/onednn/operand.h"
#include "kernels/parameters.h"
#include "relevid/error.h"

// Note [Padding in time]
// Without AVX-512, oneDNN's fast kernel for the gradient by weights takes no padding along the first spatial
// axis. What oneDNN has instead reads row-major volumes, so that both operands would be reordered, and takes
// five times as long from 3 channels to 64, 1.6 times from 64 to 128, and as long in deeper layers. So where
// the input as it is finds no fast kernel, it is copied with its padding in time written out.

namespace relevid::kernels::onednn {

using dnnl::memory;

ConvolutionGradient::ConvolutionGradient(Device& device, const ConvolutionSpec& spec, const Shape& input)
    : device_(device), spec_(spec), input_(input), output_(output_shape(spec, input)) {
  for (const Reading& reading : readings()) {
    const auto prepared = prepare(reading);
    if (!prepared) continue;
    prepared_ = *prepared;
    source_ = reading.source;
    if (!is_plain_loops(prepared_.impl_info_str())) break;
  }
  if (!prepared_) throw Error(ErrorKind::kInternal, "oneDNN has no gradient by this convolution's weights");
  primitive_ = dnnl::convolution_backward_weights(prepared_);
}

/// What to try, from the cheapest on.
std::vector<ConvolutionGradient::Reading> ConvolutionGradient::readings() const {
  const memory::desc source = device_.volume_desc(input_), target = device_.volume_desc(output_);
  std::vector<Reading> result;
  result.push_back({input_, spec_.pads_begin, spec_.pads_end, source, target});
  if (spec_.pads_begin[0] > 0 || spec_.pads_end[0] > 0) {
    Shape padded = as_volume(input_);
    padded[2] += spec_.pads_begin[0] + spec_.pads_end[0];
    Reading reading{padded, spec_.pads_begin, spec_.pads_end, device_.volume_desc(padded), target};
    reading.pads_begin[0] = reading.pads_end[0] = 0;
    result.push_back(std::move(reading));
  }
  result.push_back({input_, spec_.pads_begin, spec_.pads_end, any_layout(source), any_layout(target)});
  return result;
}

std::optional<dnnl::convolution_backward_weights::primitive_desc> ConvolutionGradient::prepare(
    const Reading& reading) const {
  const auto weights = weight_desc(spec_, input_[1], memory::format_tag::any);
  const auto strides = dims(spec_.strides), dilations = minus_one(spec_.dilations);
  const auto begin = dims(reading.pads_begin), end = dims(reading.pads_end);
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  try {
    const dnnl::convolution_forward::primitive_desc hint(
        {dnnl::prop_kind::forward_training, kDirect, reading.source_desc, weights, reading.target_desc,
         strides, dilations, begin, end},
        device_.engine());
    return dnnl::convolution_backward_weights::primitive_desc(
        {kDirect, reading.source_desc, weights, reading.target_desc, strides, dilations, begin, end},
        device_.engine(), hint);
  } catch (const dnnl::error&) {  // not implemented for these layouts
    return std::nullopt;
  }
}

ParameterGradient ConvolutionGradient::run(const Buffer& x, const Buffer& g) {
  ParameterGradient result = zero_gradient(spec_.weight.get(), spec_.bias.get(), DType::kF32);
  const Buffer volume = source_ == input_ ? x : with_padding_in_time(x);
  const Operand source(device_, volume, prepared_.src_desc());
  const Operand target(device_, g, prepared_.diff_dst_desc());
  source.read();
  target.read();
  const memory::desc layout = prepared_.diff_weights_desc();
  Buffer scratch = device_.allocate(Shape{static_cast<int64_t>((layout.get_size() + 3) / 4)});
  const memory weights = device_.wrap(layout, scratch);
  device_.run(primitive_, {{DNNL_ARG_SRC, source.memory()},
                           {DNNL_ARG_DIFF_DST, target.memory()},
                           {DNNL_ARG_DIFF_WEIGHTS, weights}});
  device_.reorder(weights, memory(plain_weight_desc(spec_, input_[1]), device_.engine(),
                                  result.weight.values<float>().data()));
  if (spec_.bias) std::ranges::copy(channel_sums(device_, g), result.bias.values<float>().begin());
  return result;
}

/// The input with frames of zeros before and after.
Buffer ConvolutionGradient::with_padding_in_time(const Buffer& x) const {
  Buffer padded = device_.allocate(source_);
  const Layout l = device_.layout(input_);
  const int64_t frame = l.height * l.width * l.block;
  const int64_t before = spec_.pads_begin[0] * frame, inside = l.time * frame,
                after = spec_.pads_end[0] * frame;
  const float* from = x.data<float>();
  float* to = padded.data<float>();
#pragma omp parallel for schedule(static)
  for (int64_t plane = 0; plane < l.planes(); ++plane) {
    float* at = to + plane * (before + inside + after);
    std::fill_n(at, before, 0.0F);
    std::copy_n(from + plane * inside, inside, at + before);
    std::fill_n(at + before + inside, after, 0.0F);
  }
  return padded;
}

}  // namespace relevid::kernels::onednn
