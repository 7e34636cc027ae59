// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "kernels/host_sums.h"
#include "kernels/parameters.h"
#include "kernels/reference/reference.h"

namespace relevid::kernels::reference {
namespace {

class ReferenceNorm final : public NormMap {
 public:
  ReferenceNorm(const Shape& input, double epsilon)
      : input_(input),
        epsilon_(epsilon),
        channels_(static_cast<size_t>(norm_channels(input))),
        inner_(static_cast<size_t>(input.elements() / (input[0] * input[1]))),
        values_per_channel_(static_cast<double>(input.elements() / input[1])) {}

  Buffer forward(const Buffer& x, const Tensor& scale, const Tensor& shift, NormStatistics& left) override {
    Moments statistics;
    statistics.mean = sum([&](size_t i, size_t) { return values(x)[i] / values_per_channel_; });
    statistics.variance = sum([&](size_t i, size_t c) {
      return std::pow(values(x)[i] - statistics.mean[c], 2) / values_per_channel_;
    });
    left = {host_sums(statistics.mean), host_sums(statistics.variance)};
    Buffer y = allocate(input_);
    for_each([&](size_t i, size_t c) {
      values(y)[i] = static_cast<double>(scale.values<float>()[c]) * normalised(x, i, c, statistics) +
                     static_cast<double>(shift.values<float>()[c]);
    });
    return y;
  }

  Buffer gradient(const Buffer& x, const Buffer& g, const Tensor& scale, const NormStatistics& left,
                  ParameterGradient& parameters) override {
    const Moments statistics{on_host(left.mean), on_host(left.variance)};
    const auto by_shift = sum([&](size_t i, size_t) { return values(g)[i]; });
    const auto by_scale =
        sum([&](size_t i, size_t c) { return values(g)[i] * normalised(x, i, c, statistics); });
    parameters = {Tensor::from(scale.shape(), by_scale), Tensor::from(scale.shape(), by_shift)};
    Buffer y = allocate(input_);
    for_each([&](size_t i, size_t c) {
      const double about_mean = values(g)[i] - by_shift[c] / values_per_channel_;
      const double along_x = normalised(x, i, c, statistics) * by_scale[c] / values_per_channel_;
      values(y)[i] =
          static_cast<double>(scale.values<float>()[c]) * (about_mean - along_x) / deviation(statistics, c);
    });
    return y;
  }

 private:
  struct Moments {
    HostSums mean, variance;
  };
  /// f(i, c) for every element i, which is of channel c.
  template <class F>
  void for_each(F&& f) const {
    for (size_t i = 0; i < static_cast<size_t>(input_.elements()); ++i) f(i, i / inner_ % channels_);
  }
  /// Σ f(i, c) per channel.
  template <class F>
  std::vector<double> sum(F&& f) const {
    std::vector<double> result(channels_, 0.0);
    for_each([&](size_t i, size_t c) { result[c] += f(i, c); });
    return result;
  }

  double deviation(const Moments& statistics, size_t c) const {
    return std::sqrt(statistics.variance[c] + epsilon_);
  }
  double normalised(const Buffer& x, size_t i, size_t c, const Moments& statistics) const {
    return (values(x)[i] - statistics.mean[c]) / deviation(statistics, c);
  }

  Shape input_;
  double epsilon_;
  size_t channels_, inner_;
  double values_per_channel_;
};

}  // namespace

std::unique_ptr<NormMap> make_norm(const Shape& input, double epsilon) {
  return std::make_unique<ReferenceNorm>(input, epsilon);
}

}  // namespace relevid::kernels::reference
