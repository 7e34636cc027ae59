// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/winograd_convolution.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "kernels/onednn/convolution_desc.h"
#include "kernels/onednn/prepared_weights.h"

// Note [Winograd in space]
// oneDNN has Winograd convolutions of images alone. A convolution of volumes is one of images whose channels
// are those of all frames under its taps in time: frame t of the output sees frames t stride - pad + k
// dilation. A frame of a block of channels is one stretch of memory in our layout, so that gathering is
// copying. The adjoint is computed likewise and adds up what each tap gives a frame, in the order of taps.
//
// Transformed weights take four times the memory of plain ones. Where they are many and positions few,
// reading them takes what is saved, so such layers stay as they are.

namespace relevid::kernels::onednn {
namespace {

using dnnl::memory;

/// On layers of C3D, R(2+1)D-18 and I3D nothing was gained below these.
constexpr int64_t kLeastSize = 12, kLeastPositions = 512, kLeastChannelsIn = 48, kLeastChannelsOut = 24;
/// Floats of transformed weights that layers of fewer positions than the second may have: 32 MiB.
constexpr int64_t kMostWeights = 8 << 20, kManyPositions = 2048;
constexpr int64_t kTransformedTaps = 36;
/// Floats of the images that are gathered at a time: 16 MiB. Half of that took a tenth longer.
constexpr int64_t kMostGathered = 4 << 20;

bool fits(const ConvolutionSpec& spec, const Layout& in, const Layout& out) {
  const auto is = [](const Extent& extent, int64_t value) {
    return extent[1] == value && extent[2] == value;
  };
  const bool pads =
      (is(spec.pads_begin, 0) && is(spec.pads_end, 0)) || (is(spec.pads_begin, 1) && is(spec.pads_end, 1));
  return spec.groups == 1 && is(spec.kernel, 3) && is(spec.strides, 1) && is(spec.dilations, 1) && pads &&
         in.block == 16 && out.block == 16;
}

bool pays(const ConvolutionSpec& spec, const Layout& in, const Layout& out) {
  const int64_t channels = spec.kernel[0] * in.blocks * in.block, positions = out.batch * out.spatial();
  if (std::min(out.height, out.width) < kLeastSize || positions < kLeastPositions) return false;
  if (channels < kLeastChannelsIn || out.channels < kLeastChannelsOut) return false;
  return positions >= kManyPositions || channels * out.blocks * out.block * kTransformedTaps <= kMostWeights;
}

/// As many of all images at a time as divide them evenly and are not too large.
int64_t images_at_a_time(int64_t all, int64_t floats_each) {
  int64_t pieces = 1;
  while (pieces < all && (all % pieces != 0 || all / pieces * floats_each > kMostGathered)) ++pieces;
  return all / pieces;
}

bool is_winograd(const char* implementation) {
  return std::string_view(implementation).find("wino") != std::string_view::npos;
}

}  // namespace

std::unique_ptr<WinogradConvolution> WinogradConvolution::make(Device& device, const ConvolutionSpec& spec,
                                                               const Shape& input) {
  const Layout in = device.layout(input), out = device.layout(output_shape(spec, input));
  if (!fits(spec, in, out) || !pays(spec, in, out)) return nullptr;
  try {
    std::unique_ptr<WinogradConvolution> made(new WinogradConvolution(device, spec, input));
    const bool is =
        is_winograd(made->forward_desc_.impl_info_str()) && is_winograd(made->backward_desc_.impl_info_str());
    return is ? std::move(made) : nullptr;
  } catch (const dnnl::error&) {  // not on this processor
    return nullptr;
  }
}

WinogradConvolution::WinogradConvolution(Device& device, const ConvolutionSpec& spec, const Shape& input)
    : device_(device),
      spec_(spec),
      input_(input),
      output_(output_shape(spec, input)),
      in_(device.layout(input_)),
      out_(device.layout(output_)) {
  const auto type = memory::data_type::f32;
  const int64_t channels_in = spec.kernel[0] * in_.blocks * in_.block, channels_out = spec.channels_out;
  images_ = images_at_a_time(out_.batch * out_.time, channels_in * in_.height * in_.width);
  source_ = {{images_, channels_in, in_.height, in_.width}, type, memory::format_tag::nChw16c};
  target_ = {{images_, channels_out, out_.height, out_.width}, type, memory::format_tag::nChw16c};
  const memory::desc any({channels_out, channels_in, 3, 3}, type, memory::format_tag::any),
      bias({channels_out}, type, memory::format_tag::a);
  const memory::dims one{1, 1}, pads{spec.pads_begin[1], spec.pads_begin[2]};
  const auto algorithm = dnnl::algorithm::convolution_winograd;
  forward_desc_ = {
      {dnnl::prop_kind::forward_inference, algorithm, source_, any, bias, target_, one, pads, pads},
      device.engine()};
  const dnnl::convolution_forward::primitive_desc hint(
      {dnnl::prop_kind::forward_training, algorithm, source_, any, target_, one, pads, pads},
      device.engine());
  backward_desc_ = {{algorithm, source_, any, target_, one, pads, pads}, device.engine(), hint};
  forward_ = dnnl::convolution_forward(forward_desc_);
  backward_ = dnnl::convolution_backward_data(backward_desc_);
}

const memory& WinogradConvolution::weights(Direction direction, WeightTransform transform) {
  auto found = std::ranges::find_if(weights_, [&](const auto& entry) {
    return entry->direction == direction && entry->transform == transform;
  });
  if (found == weights_.end()) {
    const auto desc =
        direction == Direction::kForward ? forward_desc_.weights_desc() : backward_desc_.weights_desc();
    found = weights_.insert(found, std::make_unique<Entry>(Entry{
                                       direction, transform, memory(desc, device_.engine()), version_ - 1}));
  }
  Entry& entry = **found;
  if (entry.version != version_) fill(entry);
  entry.version = version_;
  return entry.memory;
}

void WinogradConvolution::fill(Entry& entry) const {
  const auto from = transformed(*spec_.weight, entry.transform);
  const int64_t taps = spec_.kernel[0], a_tap = in_.blocks * in_.block;
  std::vector<float> images(static_cast<size_t>(out_.channels * taps * a_tap * 9), 0.0F);
#pragma omp parallel for schedule(static)
  for (int64_t o = 0; o < out_.channels; ++o)
    for (int64_t c = 0; c < in_.channels; ++c)
      for (int64_t k = 0; k < taps; ++k)
        std::copy_n(from.data() + ((o * in_.channels + c) * taps + k) * 9, 9,
                    images.data() + ((o * taps + k) * a_tap + c) * 9);
  const memory::desc plain({out_.channels, taps * a_tap, 3, 3}, memory::data_type::f32,
                           memory::format_tag::oihw);
  device_.reorder(memory(plain, device_.engine(), images.data()), entry.memory);
}

void WinogradConvolution::gather(const float* x, int64_t first, float* source) const {
  const int64_t taps = spec_.kernel[0], frame = frame_in();
#pragma omp parallel for collapse(3) schedule(static)
  for (int64_t i = 0; i < images_; ++i)
    for (int64_t k = 0; k < taps; ++k)
      for (int64_t b = 0; b < in_.blocks; ++b) {
        const int64_t n = (first + i) / out_.time, o = (first + i) % out_.time;
        const int64_t t = o * spec_.strides[0] - spec_.pads_begin[0] + k * spec_.dilations[0];
        float* image = source + ((i * taps + k) * in_.blocks + b) * frame;
        if (t < 0 || t >= in_.time) {
          std::fill_n(image, frame, 0.0F);
        } else {
          std::copy_n(x + ((n * in_.blocks + b) * in_.time + t) * frame, frame, image);
        }
      }
}

/// Adds; taps of one frame in the order of images.
void WinogradConvolution::scatter(const float* source, int64_t first, float* x) const {
  const int64_t taps = spec_.kernel[0], frame = frame_in();
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < in_.blocks; ++b)
    for (int64_t i = 0; i < images_; ++i)
      for (int64_t k = 0; k < taps; ++k) {
        const int64_t n = (first + i) / out_.time, o = (first + i) % out_.time;
        const int64_t t = o * spec_.strides[0] - spec_.pads_begin[0] + k * spec_.dilations[0];
        if (t < 0 || t >= in_.time) continue;
        const float* image = source + ((i * taps + k) * in_.blocks + b) * frame;
        float* to = x + ((n * in_.blocks + b) * in_.time + t) * frame;
#pragma omp simd
        for (int64_t p = 0; p < frame; ++p) to[p] += image[p];
      }
}

Buffer WinogradConvolution::apply(const Buffer& x, WeightTransform weight, const memory& bias,
                                  const Buffer& residual, bool rectifies) {
  const int64_t frame = frame_out(), a_time = images_ * out_.blocks;
  Buffer source = device_.allocate(Shape{static_cast<int64_t>(source_.get_size() / sizeof(float))}),
         target = device_.allocate(Shape{a_time * frame}), y = device_.allocate(output_);
  const float *from = target.data<float>(), *added = residual ? residual.data<float>() : nullptr;
  float* to = y.data<float>();
  const float least = rectifies ? 0.0F : -std::numeric_limits<float>::infinity();
  for (int64_t first = 0; first < out_.batch * out_.time; first += images_) {
    gather(x.data<float>(), first, source.data<float>());
    device_.run(forward_, {{DNNL_ARG_SRC, device_.wrap(source_, source)},
                           {DNNL_ARG_WEIGHTS, weights(Direction::kForward, weight)},
                           {DNNL_ARG_BIAS, bias},
                           {DNNL_ARG_DST, device_.wrap(target_, target)}});
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a_time; ++i) {
      const int64_t at = place(first + i / out_.blocks, i % out_.blocks);
      const float* image = from + i * frame;
      if (added) {
#pragma omp simd
        for (int64_t p = 0; p < frame; ++p) to[at + p] = std::max(image[p] + added[at + p], least);
      } else {
#pragma omp simd
        for (int64_t p = 0; p < frame; ++p) to[at + p] = std::max(image[p], least);
      }
    }
  }
  return y;
}

Buffer WinogradConvolution::adjoint(const Buffer& s, WeightTransform weight) {
  const int64_t frame = frame_out(), a_time = images_ * out_.blocks;
  Buffer source = device_.allocate(Shape{static_cast<int64_t>(source_.get_size() / sizeof(float))}),
         target = device_.allocate(Shape{a_time * frame}), y = device_.zeros(input_);
  for (int64_t first = 0; first < out_.batch * out_.time; first += images_) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a_time; ++i)
      std::copy_n(s.data<float>() + place(first + i / out_.blocks, i % out_.blocks), frame,
                  target.data<float>() + i * frame);
    device_.run(backward_, {{DNNL_ARG_DIFF_DST, device_.wrap(target_, target)},
                            {DNNL_ARG_WEIGHTS, weights(Direction::kBackward, weight)},
                            {DNNL_ARG_DIFF_SRC, device_.wrap(source_, source)}});
    scatter(source.data<float>(), first, y.data<float>());
  }
  return y;
}

}  // namespace relevid::kernels::onednn
