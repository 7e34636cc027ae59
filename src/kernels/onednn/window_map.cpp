// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "kernels/indexing.h"
#include "kernels/onednn/activations.h"
#include "kernels/onednn/channel_rows.h"
#include "kernels/onednn/device.h"
#include "kernels/onednn/window_rows.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

/// Windows of more taps than this, which sums and averages over whole volumes have, are summed in parts.
constexpr int64_t kManyTaps = 512;

void add_to(std::span<float> to, std::span<const float> part) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += part[i];
}

/// A window that sees one channel at a time: a depthwise convolution (oneDNN has no fast one in 3-D), an
/// average, or a sum over spatial axes. Every tap has a weight per channel; averages have a factor per output
/// position instead.
class WindowMap final : public LinearMap {
 public:
  template <class Spec>
  WindowMap(Device& device, const Spec& spec, const Shape& input, const Epilogue& epilogue)
      : device_(device),
        input_(input),
        output_(output_shape(spec, input)),
        in_(device.layout(input_)),
        out_(device.layout(output_)),
        epilogue_(epilogue) {
    take(spec);
  }

  Buffer forward(const Buffer& x, Buffer) override {
    // What follows rows as they are written; not sums of many taps, and factors have their own pass.
    const bool rectifies =
        epilogue_.activation.kind == Activation::Kind::kRelu && taps_per_channel() <= kManyTaps && !average_;
    Buffer y = sums(x, {}, {BiasPart::Kind::kAll}, rectifies ? 0.0F : kNoLeast);
    if (!rectifies) activate_in_place(device_, y, epilogue_.activation);
    return y;
  }

  Buffer apply(const Buffer& x, WeightTransform transform, BiasPart part) override {
    return sums(x, transform, part, kNoLeast);
  }
  Buffer adjoint(const Buffer& s, WeightTransform transform) override;

  std::vector<Buffer> adjoints(const Buffer& s, std::span<const WeightTransform> weights) override {
    std::vector<Buffer> result;
    for (const auto& weight : weights) result.push_back(adjoint(s, weight));
    return result;
  }

  Sums bias_dot(const Buffer& s, BiasPart part) override {
    return channel_dot(device_, s, bias_.get(), part);
  }

  ParameterGradient parameter_gradient(const Buffer& x, const Buffer& g) override;
  void parameters_changed() override { ++version_; }

 private:
  /// Taps as [channel block][kT][kH][kW][lane]; channels that fill up the last block have 0.
  void take(const ConvolutionSpec& convolution) {
    window_ = window_of(convolution);
    weight_ = convolution.weight;
    bias_ = convolution.bias;
  }
  void take(const AveragePoolSpec& average) {
    window_ = window_of(average);
    average_ = average;
  }
  void take(const SumSpec& sum) {
    const Shape volume = as_volume(input_);
    is_sum_ = true;
    scale_ = sum.scale;
    for (size_t i = 0; i < 3; ++i) {
      const int64_t axis = static_cast<int64_t>(i) + input_.rank() - 3;
      const bool summed = std::ranges::count(sum.axes, axis) > 0;
      window_.kernel[i] = summed ? volume[static_cast<int64_t>(i) + 2] : 1;
    }
  }

  const std::vector<float>& taps(WeightTransform transform);
  /// The average's factor at every output position under the transform; empty for convolutions.
  const std::vector<float>& factors(WeightTransform transform);
  int64_t taps_per_channel() const { return window_.taps(); }
  std::vector<float> transformed_bias(BiasPart part) const;

  Buffer sums(const Buffer& x, WeightTransform transform, BiasPart part, float least);
  Buffer scaled(const Buffer& s, const std::vector<float>& factor);
  Buffer spread(const Buffer& s, WeightTransform transform);
  /// One output row of many taps: a sum of its own for every input row and for every frame, as one float that
  /// takes hundreds of thousands of numbers one by one loses two digits.
  void add_in_parts(const WindowRow& window, const float* values, const float* taps, int64_t t, int64_t h,
                    std::span<float> to) const {
    std::vector<float> of_frame(to.size()), of_row(to.size());
    for (int64_t a = 0; a < window_.kernel[0]; ++a) {
      std::ranges::fill(of_frame, 0.0F);
      window_.for_each_row(in_, t, h, a, [&](int64_t from, int64_t tap) {
        const RowTaps row{values + from * in_.width * in_.block, taps + tap * in_.block};
        window_rows_apply(window, &row, 1, in_.block, kFromZero, of_row.data());
        add_to(of_frame, of_row);
      });
      add_to(to, of_frame);
    }
  }
  /// to = from times the factor of every position of output row `row`.
  void scale_row(const std::vector<float>& factor, int64_t row, const float* from, float* to) const {
    for (int64_t i = 0; i < out_.width; ++i)
      for (int64_t lane = 0; lane < in_.block; ++lane) {
        const int64_t k = i * in_.block + lane;
        to[k] = from[k] * factor[static_cast<size_t>(row * out_.width + i)];
      }
  }

  Device& device_;
  Shape input_, output_;
  Layout in_, out_;
  Epilogue epilogue_;
  WindowExtents window_;
  std::shared_ptr<const Tensor> weight_, bias_;
  std::optional<AveragePoolSpec> average_;
  bool is_sum_ = false;
  double scale_ = 1;
  struct Taps {
    std::vector<float> values;
    int64_t version = -1;  ///< of the weights that they were made from
  };
  std::map<WeightTransform, Taps> taps_;
  std::map<WeightTransform, std::vector<float>> factors_;
  int64_t version_ = 0;
};

const std::vector<float>& WindowMap::taps(WeightTransform transform) {
  Taps& taps = taps_[transform];
  if (taps.version == version_) return taps.values;
  const int64_t count = taps_per_channel();
  taps.values.resize(static_cast<size_t>(in_.blocks * count * in_.block), 0.0F);
  for (int64_t c = 0; c < in_.channels; ++c) {
    for (int64_t k = 0; k < count; ++k) {
      double w = average_ ? 1 : transform(scale_);
      if (weight_)
        w = transform(static_cast<double>(weight_->values<float>()[static_cast<size_t>(c * count + k)]));
      taps.values[static_cast<size_t>(((c / in_.block) * count + k) * in_.block + c % in_.block)] =
          static_cast<float>(w);
    }
  }
  taps.version = version_;
  return taps.values;
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

/// One number for every channel of every block.
std::vector<float> WindowMap::transformed_bias(BiasPart part) const {
  std::vector<float> result(static_cast<size_t>(in_.blocks * in_.block), 0.0F);
  if (!bias_) return result;
  std::ranges::transform(bias_->values<float>(), result.begin(),
                         [&](float b) { return static_cast<float>(part(static_cast<double>(b))); });
  return result;
}

/// W'x + b', or `least` where that is less; only windows of few taps heed it.
Buffer WindowMap::sums(const Buffer& x, WeightTransform transform, BiasPart part, float least) {
  const WindowRow row = window_.row(in_, out_);
  const auto& w = taps(transform);
  const auto& factor = factors(transform);
  const auto bias = transformed_bias(part);
  Buffer y = device_.allocate(output_);
  const float* source = x.data<float>();
  float* target = y.data<float>();
  const int64_t B = in_.block, in_row = in_.width * B, out_row = out_.width * B;
  // A thread goes through all frames of a row before the next, so that rows of neighbouring frames are read
  // from memory once.
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in_.planes(); ++plane) {
    for (int64_t h = 0; h < out_.height; ++h) {
      std::vector<RowTaps> rows;
      const int64_t block = plane % in_.blocks;
      const float* block_taps = w.data() + block * taps_per_channel() * B;
      for (int64_t t = 0; t < out_.time; ++t) {
        const int64_t at = t * out_.height + h;
        float* to = target + plane * out_.spatial() * B + at * out_row;
        const float *values = source + plane * in_.spatial() * B, *start = bias.data() + block * B;
        if (taps_per_channel() > kManyTaps) {
          for (int64_t i = 0; i < out_.width; ++i) std::copy_n(start, B, to + i * B);
          add_in_parts(row, values, block_taps, t, h, std::span(to, static_cast<size_t>(out_row)));
        } else {
          rows.clear();
          for (int64_t a = 0; a < window_.kernel[0]; ++a)
            window_.for_each_row(in_, t, h, a, [&](int64_t from, int64_t tap) {
              rows.push_back({values + from * in_row, block_taps + tap * B});
            });
          window_rows_apply(row, rows.data(), std::ssize(rows), B, {start, least}, to);
        }
        if (!factor.empty()) scale_row(factor, at, to, to);
      }
    }
  }
  return y;
}

/// s times the average's factor at every position.
Buffer WindowMap::scaled(const Buffer& s, const std::vector<float>& factor) {
  Buffer result = device_.allocate(output_);
  const int64_t rows = out_.time * out_.height, floats = out_.width * out_.block;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < out_.batch * out_.blocks * rows; ++i)
    scale_row(factor, i % rows, s.data<float>() + i * floats, result.data<float>() + i * floats);
  return result;
}

Buffer WindowMap::adjoint(const Buffer& s, WeightTransform transform) {
  if (is_sum_) return spread(s, transform);
  const WindowRow row = window_.row(in_, out_);
  const auto& w = taps(transform);
  const auto& factor = factors(transform);
  const Buffer given = factor.empty() ? s : scaled(s, factor);
  Buffer y = device_.allocate(input_);
  const float* source = given.data<float>();
  float* target = y.data<float>();
  const int64_t B = in_.block, in_row = in_.width * B, out_row = out_.width * B;
  const std::vector<ReverseWindow> reverses = reverse_windows(row);
  // Input rows are written by one thread each, so that sums have one order.
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in_.planes(); ++plane) {
    for (int64_t ih = 0; ih < in_.height; ++ih) {
      const float* block_taps = w.data() + plane % in_.blocks * taps_per_channel() * B;
      std::vector<RowTaps> rows;
      const auto rows_from_tap = [&](int64_t it, int64_t first_tap) {
        rows.clear();
        window_.for_each_row_back(out_, it, ih, [&](int64_t from, int64_t tap) {
          rows.push_back({source + (plane * out_.time * out_.height + from) * out_row,
                          block_taps + (tap + first_tap) * B});
        });
      };
      for (int64_t it = 0; it < in_.time; ++it) {
        float* to = target + (plane * in_.time * in_.height + it * in_.height + ih) * in_row;
        for (const ReverseWindow& reverse : reverses) {
          rows_from_tap(it, reverse.first_tap);
          window_rows_apply(reverse.row, rows.data(), std::ssize(rows), reverse.tap_step * B, kFromZero,
                            to + reverse.first_input * B);
        }
        if (!reverses.empty()) continue;
        std::fill_n(to, in_row, 0.0F);
        rows_from_tap(it, 0);
        for (const RowTaps& each : rows) window_row_adjoint(row, each.in, each.taps, to);
      }
    }
  }
  return y;
}

/// Of a sum: every element gets its output's.
Buffer WindowMap::spread(const Buffer& s, WeightTransform transform) {
  const auto scale = static_cast<float>(transform(scale_));
  Buffer y = device_.allocate(input_);
  const float* source = s.data<float>();
  float* target = y.data<float>();
  const int64_t B = in_.block, in_row = in_.width * B, out_row = out_.width * B;
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t plane = 0; plane < in_.planes(); ++plane) {
    for (int64_t at = 0; at < in_.time * in_.height; ++at) {
      const int64_t t = out_.time == 1 ? 0 : at / in_.height, h = out_.height == 1 ? 0 : at % in_.height;
      const float* from = source + ((plane * out_.time + t) * out_.height + h) * out_row;
      float* to = target + (plane * in_.time * in_.height + at) * in_row;
      for (int64_t i = 0; i < in_.width; ++i) {
        const float* each = from + (out_.width == 1 ? 0 : i * B);
        for (int64_t lane = 0; lane < B; ++lane) to[i * B + lane] = scale * each[lane];
      }
    }
  }
  return y;
}

ParameterGradient WindowMap::parameter_gradient(const Buffer& x, const Buffer& g) {
  ParameterGradient result = zero_gradient(weight_.get(), bias_.get(), DType::kF32);
  const WindowRow row = window_.row(in_, out_);
  const float *source = x.data<float>(), *gradients = g.data<float>();
  float* target = result.weight.values<float>().data();
  const int64_t B = in_.block, in_row = in_.width * B, out_row = out_.width * B;
  const int64_t frame_taps = window_.kernel[1] * window_.kernel[2];
  // Taps of one block and kernel frame are summed by one thread, rows in float and then in double.
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t block = 0; block < in_.blocks; ++block) {
    for (int64_t a = 0; a < window_.kernel[0]; ++a) {
      std::vector<double> sums(static_cast<size_t>(frame_taps * B), 0.0);
      for (int64_t plane = block; plane < in_.batch * in_.blocks; plane += in_.blocks)
        for (int64_t at = 0; at < out_.time * out_.height; ++at)
          window_.for_each_row(in_, at / out_.height, at % out_.height, a, [&](int64_t from, int64_t tap) {
            window_row_products(row, source + plane * in_.spatial() * B + from * in_row,
                                gradients + plane * out_.spatial() * B + at * out_row,
                                sums.data() + (tap - a * frame_taps) * B);
          });
      for (int64_t c = block * B; c < std::min(in_.channels, (block + 1) * B); ++c)
        for (int64_t k = 0; k < frame_taps; ++k)
          target[c * taps_per_channel() + a * frame_taps + k] =
              static_cast<float>(sums[static_cast<size_t>(k * B + c - block * B)]);
    }
  }
  if (bias_) std::ranges::copy(channel_sums(device_, g), result.bias.values<float>().begin());
  return result;
}

}  // namespace

std::unique_ptr<LinearMap> make_window_map(Device& device, const ConvolutionSpec& spec, const Shape& input,
                                           const Epilogue& epilogue) {
  return std::make_unique<WindowMap>(device, spec, input, epilogue);
}
std::unique_ptr<LinearMap> make_window_map(Device& device, const AveragePoolSpec& spec, const Shape& input,
                                           const Epilogue& epilogue) {
  return std::make_unique<WindowMap>(device, spec, input, epilogue);
}
std::unique_ptr<LinearMap> make_window_map(Device& device, const SumSpec& spec, const Shape& input,
                                           const Epilogue& epilogue) {
  return std::make_unique<WindowMap>(device, spec, input, epilogue);
}

}  // namespace relevid::kernels::onednn
