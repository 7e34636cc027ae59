// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <map>

#include "kernels/indexing.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/window_rows.h"

namespace relevid::kernels::onednn {
namespace {

/// A window that sees one channel at a time: a depthwise convolution (oneDNN has no fast one in 3-D), an
/// average, or a sum over spatial axes. Every tap has a weight per channel; averages have a factor per output
/// position instead.
class WindowMap final : public LinearMap {
 public:
  WindowMap(Device& device, const LinearSpec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device), input_(input), output_(output_shape(spec, input)), epilogue_(epilogue) {
    const Shape volume = as_volume(input_);
    if (const auto* convolution = std::get_if<ConvolutionSpec>(&spec)) {
      kernel_ = convolution->kernel;
      strides_ = convolution->strides;
      dilations_ = convolution->dilations;
      pads_ = convolution->pads_begin;
      weight_ = convolution->weight;
      bias_ = convolution->bias;
    } else if (const auto* average = std::get_if<AveragePoolSpec>(&spec)) {
      kernel_ = average->kernel;
      strides_ = average->strides;
      dilations_ = average->dilations;
      pads_ = average->pads_begin;
      average_ = *average;
    } else {
      const auto& sum = std::get<SumSpec>(spec);
      scale_ = sum.scale;
      for (size_t i = 0; i < 3; ++i) {
        const int64_t axis = static_cast<int64_t>(i) + input.rank() - 3;
        const bool summed = std::ranges::count(sum.axes, axis) > 0;
        kernel_[i] = summed ? volume[static_cast<int64_t>(i) + 2] : 1;
      }
    }
  }

  Buffer forward(const Buffer& x, Buffer) override {
    Buffer y = apply(x, {}, {BiasPart::Kind::kAll});
    activate_in_place(device_, y, epilogue_.activation);
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform transform, BiasPart part) override;
  Buffer adjoint(const Buffer& s, WeightTransform transform) override;

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  std::vector<double> bias_dot(const Buffer& s, BiasPart part) override {
    return channel_dot(device_, s, bias_.get(), part);
  }

 private:
  /// Taps as [channel block][kT][kH][kW][lane]; channels that fill up the last block have 0.
  const std::vector<float>& taps(WeightTransform transform);
  /// The average's factor at every output position under the transform; empty for convolutions.
  const std::vector<float>& factors(WeightTransform transform);
  WindowRow row(const Layout& in, const Layout& out) const {
    return {in.block, out.width, in.width, kernel_[2], strides_[2], dilations_[2], pads_[2]};
  }

  Device& device_;
  Shape input_, output_;
  Epilogue epilogue_;
  Extent kernel_{1, 1, 1}, strides_{1, 1, 1}, dilations_{1, 1, 1}, pads_{};
  std::shared_ptr<const Tensor> weight_, bias_;
  std::optional<AveragePoolSpec> average_;
  double scale_ = 1;
  std::map<WeightTransform, std::vector<float>> taps_, factors_;
};

const std::vector<float>& WindowMap::taps(WeightTransform transform) {
  const auto found = taps_.find(transform);
  if (found != taps_.end()) return found->second;
  const Layout l = device_.layout(input_);
  const int64_t count = kernel_[0] * kernel_[1] * kernel_[2];
  std::vector<float> result(static_cast<size_t>(l.blocks * count * l.block), 0.0F);
  for (int64_t c = 0; c < l.channels; ++c) {
    for (int64_t k = 0; k < count; ++k) {
      double w = average_ ? 1 : transform(scale_);
      if (weight_)
        w = transform(static_cast<double>(weight_->values<float>()[static_cast<size_t>(c * count + k)]));
      result[static_cast<size_t>(((c / l.block) * count + k) * l.block + c % l.block)] =
          static_cast<float>(w);
    }
  }
  return taps_.emplace(transform, std::move(result)).first->second;
}

const std::vector<float>& WindowMap::factors(WeightTransform transform) {
  const auto found = factors_.find(transform);
  if (found != factors_.end()) return found->second;
  std::vector<float> result;
  if (average_) {
    const Shape in = as_volume(input_), out = as_volume(output_);
    for (int64_t t = 0; t < out[2]; ++t)
      for (int64_t h = 0; h < out[3]; ++h)
        for (int64_t w = 0; w < out[4]; ++w)
          result.push_back(static_cast<float>(transform(1 / average_divisor(*average_, in, t, h, w))));
  }
  return factors_.emplace(transform, std::move(result)).first->second;
}

Buffer WindowMap::apply(const Buffer& x, WeightTransform transform, BiasPart part) {
  const Layout in = device_.layout(input_), out = device_.layout(output_);
  const WindowRow window = row(in, out);
  const auto& w = taps(transform);
  const auto& factor = factors(transform);
  Buffer y = device_.allocate(output_);
  const float* source = x.data<float>();
  float* target = y.data<float>();
  const int64_t B = in.block, taps_per_block = kernel_[0] * kernel_[1] * kernel_[2] * B;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in.batch * in.blocks; ++plane) {
    for (int64_t t = 0; t < out.time; ++t) {
      const int64_t block = plane % in.blocks;
      for (int64_t h = 0; h < out.height; ++h) {
        const int64_t at = (t * out.height + h) * out.width;
        float* to = target + (plane * out.spatial() + at) * B;
        for (int64_t i = 0; i < out.width * B; ++i) {
          const int64_t c = block * B + i % B;
          const bool biased = bias_ && c < in.channels;
          to[i] = biased ? static_cast<float>(
                               part(static_cast<double>(bias_->values<float>()[static_cast<size_t>(c)])))
                         : 0.0F;
        }
        for (int64_t a = 0; a < kernel_[0]; ++a) {
          const int64_t it = t * strides_[0] - pads_[0] + a * dilations_[0];
          if (it < 0 || it >= in.time) continue;
          for (int64_t b = 0; b < kernel_[1]; ++b) {
            const int64_t ih = h * strides_[1] - pads_[1] + b * dilations_[1];
            if (ih < 0 || ih >= in.height) continue;
            window_row_apply(window, source + (plane * in.spatial() + (it * in.height + ih) * in.width) * B,
                             w.data() + block * taps_per_block + (a * kernel_[1] + b) * kernel_[2] * B, to);
          }
        }
        if (factor.empty()) continue;
        for (int64_t i = 0; i < out.width; ++i)
          for (int64_t lane = 0; lane < B; ++lane) to[i * B + lane] *= factor[static_cast<size_t>(at + i)];
      }
    }
  }
  return y;
}

Buffer WindowMap::adjoint(const Buffer& s, WeightTransform transform) {
  const Layout in = device_.layout(input_), out = device_.layout(output_);
  const WindowRow window = row(in, out);
  const auto& w = taps(transform);
  const auto& factor = factors(transform);
  Buffer y = device_.zeros(input_);
  const float* source = s.data<float>();
  float* target = y.data<float>();
  const int64_t B = in.block, taps_per_block = kernel_[0] * kernel_[1] * kernel_[2] * B;
  // Input frames of one plane are written by one thread each, so that sums have one order.
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in.batch * in.blocks; ++plane) {
    for (int64_t it = 0; it < in.time; ++it) {
      std::vector<float> scaled(factor.empty() ? 0 : static_cast<size_t>(out.width * B));
      for (int64_t a = 0; a < kernel_[0]; ++a) {
        const int64_t from = it + pads_[0] - a * dilations_[0];
        if (from < 0 || from % strides_[0] != 0 || from / strides_[0] >= out.time) continue;
        const int64_t t = from / strides_[0];
        for (int64_t h = 0; h < out.height; ++h) {
          const int64_t at = (t * out.height + h) * out.width;
          const float* values = source + (plane * out.spatial() + at) * B;
          if (!factor.empty()) {
            for (int64_t i = 0; i < out.width; ++i)
              for (int64_t lane = 0; lane < B; ++lane)
                scaled[static_cast<size_t>(i * B + lane)] =
                    values[i * B + lane] * factor[static_cast<size_t>(at + i)];
            values = scaled.data();
          }
          for (int64_t b = 0; b < kernel_[1]; ++b) {
            const int64_t ih = h * strides_[1] - pads_[1] + b * dilations_[1];
            if (ih < 0 || ih >= in.height) continue;
            window_row_adjoint(
                window, values,
                w.data() + (plane % in.blocks) * taps_per_block + (a * kernel_[1] + b) * kernel_[2] * B,
                target + (plane * in.spatial() + (it * in.height + ih) * in.width) * B);
          }
        }
      }
    }
  }
  return y;
}

/// scale times the sum over any axes: rare ones (batch, channels, rows), in plain loops.
class AxisSum final : public LinearMap {
 public:
  AxisSum(Device& device, const SumSpec& spec, const Shape& input)
      : device_(device), spec_(spec), input_(input), output_(output_shape(spec, input)) {}

  Buffer forward(const Buffer& x, Buffer) override { return apply(x, {}, {}); }
  Buffer apply(const Buffer& x, WeightTransform transform, BiasPart) override {
    const auto from = device_.to_plain(x);
    std::vector<double> sums(static_cast<size_t>(output_.elements()), 0.0);
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      sums[static_cast<size_t>(o)] += static_cast<double>(from[static_cast<size_t>(i)]);
    });
    const double scale = transform(spec_.scale);
    std::vector<float> to(sums.size());
    std::ranges::transform(sums, to.begin(), [=](double sum) { return static_cast<float>(scale * sum); });
    return device_.from_plain(output_, to.data());
  }
  Buffer adjoint(const Buffer& s, WeightTransform transform) override {
    const auto from = device_.to_plain(s);
    std::vector<float> to(static_cast<size_t>(input_.elements()));
    for_each_offset(input_, broadcast_strides(output_, input_), [&](int64_t i, int64_t o) {
      to[static_cast<size_t>(i)] = from[static_cast<size_t>(o)] * static_cast<float>(transform(spec_.scale));
    });
    return device_.from_plain(input_, to.data());
  }
  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }
  std::vector<double> bias_dot(const Buffer&, BiasPart) override {
    return std::vector<double>(static_cast<size_t>(output_[0]), 0.0);
  }

 private:
  Device& device_;
  SumSpec spec_;
  Shape input_, output_;
};

}  // namespace

std::unique_ptr<LinearMap> make_window_map(Device& device, const LinearSpec& spec, const Shape& input,
                                           const Epilogue& epilogue) {
  return std::make_unique<WindowMap>(device, spec, input, epilogue);
}

std::unique_ptr<LinearMap> make_axis_sum(Device& device, const SumSpec& spec, const Shape& input) {
  return std::make_unique<AxisSum>(device, spec, input);
}

}  // namespace relevid::kernels::onednn
