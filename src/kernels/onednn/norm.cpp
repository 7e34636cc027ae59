// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "kernels/host_sums.h"
#include "kernels/onednn/channel_rows.h"
#include "kernels/parameters.h"

namespace relevid::kernels::onednn {
namespace {

/// In our own kernels: the statistics come from one reading of the input, in double, where oneDNN reads it
/// twice.
class BatchNorm final : public NormMap {
 public:
  BatchNorm(Device& device, const Shape& input, double epsilon)
      : device_(device), input_(input), epsilon_(epsilon), planes_(channel_planes(device, input)) {}

  Buffer forward(const Buffer& x, const Tensor& scale, const Tensor& shift, NormStatistics& left) override {
    const Moments statistics = statistics_of(x);
    left = {host_sums(statistics.mean), host_sums(statistics.variance)};
    Factors of_x(planes_);
    std::vector<float> offset(of_x.center.size(), 0.0F);
    for (size_t c = 0; c < channels(); ++c) {
      of_x.center[c] = static_cast<float>(statistics.mean[c]);
      of_x.factor[c] = static_cast<float>(slope(scale, statistics, c));
      // What of the mean a float does not hold counts, where the mean is large beside the deviation.
      const double rest = statistics.mean[c] - static_cast<double>(of_x.center[c]);
      offset[c] = static_cast<float>(static_cast<double>(shift.values<float>()[c]) -
                                     slope(scale, statistics, c) * rest);
    }
    Buffer y = device_.allocate(input_);
    const float* from = x.data<float>();
    float* to = y.data<float>();
    for_each_plane([&](int64_t at, int64_t channel) {
      scale_plane(planes_.lanes, from + at, of_x.of(channel), offset.data() + channel, planes_.positions,
                  to + at);
    });
    return y;
  }

  /// dx = s/σ (g - Σg / m - x̂ Σ(g x̂) / m), with x̂ = (x - mean) / σ.
  Buffer gradient(const Buffer& x, const Buffer& g, const Tensor& scale, const NormStatistics& left,
                  ParameterGradient& parameters) override {
    const Moments statistics{on_host(left.mean), on_host(left.variance)};
    const auto [sums, products] = products_of(x, g, statistics);
    parameters = {Tensor(scale.shape(), DType::kF32), Tensor(scale.shape(), DType::kF32)};
    Factors of_g(planes_), of_x(planes_);
    const double m = values_per_channel();
    for (size_t c = 0; c < channels(); ++c) {
      const double inverse = inverse_deviation(statistics, c), s = slope(scale, statistics, c);
      parameters.weight.values<float>()[c] = static_cast<float>(products[c] * inverse);
      parameters.bias.values<float>()[c] = static_cast<float>(sums[c]);
      of_g.center[c] = static_cast<float>(sums[c] / m);
      of_g.factor[c] = static_cast<float>(s);
      of_x.center[c] = static_cast<float>(statistics.mean[c]);
      of_x.factor[c] = static_cast<float>(-s * inverse * inverse * products[c] / m);
    }
    Buffer y = device_.allocate(input_);
    const float *gradients = g.data<float>(), *from = x.data<float>();
    float* to = y.data<float>();
    for_each_plane([&](int64_t at, int64_t channel) {
      combine_planes(planes_.lanes, gradients + at, of_g.of(channel), from + at, of_x.of(channel),
                     planes_.positions, to + at);
    });
    return y;
  }

 private:
  struct Moments {
    HostSums mean, variance;
  };
  /// One number a channel each; 0 for channels that fill up the last block, which keeps those 0.
  struct Factors {
    explicit Factors(const ChannelPlanes& p)
        : center(static_cast<size_t>(p.padded_channels()), 0.0F), factor(center) {}
    Centered of(int64_t channel) const { return {center.data() + channel, factor.data() + channel}; }
    std::vector<float> center, factor;
  };
  struct ChannelSums {
    std::vector<double> first, second;
  };

  size_t channels() const { return static_cast<size_t>(planes_.channels); }
  double values_per_channel() const { return static_cast<double>(planes_.batch * planes_.positions); }
  double inverse_deviation(const Moments& statistics, size_t c) const {
    return 1 / std::sqrt(statistics.variance[c] + epsilon_);
  }
  /// s/σ
  double slope(const Tensor& scale, const Moments& statistics, size_t c) const {
    return static_cast<double>(scale.values<float>()[c]) * inverse_deviation(statistics, c);
  }

  /// Calls f(offset of the plane's first float, its first channel) for every plane, in parallel.
  template <class F>
  void for_each_plane(F&& f) const {
#pragma omp parallel for schedule(static)
    for (int64_t k = 0; k < planes_.count(); ++k) f(k * planes_.floats(), k % planes_.planes * planes_.lanes);
  }

  /// Adds up per channel what f(offset, channel, first, second) adds per plane, in one order.
  template <class F>
  ChannelSums sum_planes(F&& f) const {
    const auto padded = static_cast<size_t>(planes_.padded_channels());
    const std::vector<double> zeros(static_cast<size_t>(planes_.batch) * padded, 0.0);
    ChannelSums partial{zeros, zeros},
        result{std::vector<double>(padded, 0.0), std::vector<double>(padded, 0.0)};
    for_each_plane([&](int64_t at, int64_t channel) {
      const int64_t to = at / planes_.floats() / planes_.planes * planes_.padded_channels() + channel;
      f(at, channel, partial.first.data() + to, partial.second.data() + to);
    });
    for (size_t i = 0; i < zeros.size(); ++i) {
      result.first[i % padded] += partial.first[i];
      result.second[i % padded] += partial.second[i];
    }
    return result;
  }

  /// Mean and variance from Σ (x - k) and Σ (x - k)², where k is the channel's first value: a channel that
  /// is constant has a variance of exactly 0.
  Moments statistics_of(const Buffer& x) const {
    const float* values = x.data<float>();
    std::vector<double> centers(static_cast<size_t>(planes_.padded_channels()), 0.0);
    for (int64_t c = 0; c < planes_.channels; ++c) {
      const int64_t first = c / planes_.lanes * planes_.floats() + c % planes_.lanes;
      centers[static_cast<size_t>(c)] = static_cast<double>(values[first]);
    }
    const ChannelSums sums = sum_planes([&](int64_t at, int64_t channel, double* first, double* second) {
      add_moments(planes_.lanes, values + at, planes_.positions, centers.data() + channel, first, second);
    });
    Moments result;
    for (size_t c = 0; c < channels(); ++c) {
      const double mean = sums.first[c] / values_per_channel();
      result.mean.push_back(centers[c] + mean);
      result.variance.push_back(std::max(0.0, sums.second[c] / values_per_channel() - mean * mean));
    }
    return result;
  }

  /// Per channel Σ g and Σ g (x - mean).
  ChannelSums products_of(const Buffer& x, const Buffer& g, const Moments& statistics) const {
    const float *values = x.data<float>(), *gradients = g.data<float>();
    std::vector<double> centers = statistics.mean;
    centers.resize(static_cast<size_t>(planes_.padded_channels()), 0.0);
    return sum_planes([&](int64_t at, int64_t channel, double* first, double* second) {
      add_products(planes_.lanes, gradients + at, values + at, planes_.positions, centers.data() + channel,
                   first, second);
    });
  }

  Device& device_;
  Shape input_;
  double epsilon_;
  ChannelPlanes planes_;
};

}  // namespace

std::unique_ptr<NormMap> make_norm(Device& device, const Shape& input, double epsilon) {
  norm_channels(input);
  return std::make_unique<BatchNorm>(device, input, epsilon);
}

}  // namespace relevid::kernels::onednn
