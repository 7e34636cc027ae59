// SPDX-License-Identifier: Apache-2.0
// Methods made of gradients by the clip.
#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "explain/method.h"
#include "network/gradient.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::GradientMode;

/// Every value replaced by the mean of its channel in its item.
Tensor channel_means(const Tensor& clip, int64_t channel_axis) {
  const auto values = clip.as_doubles();
  const auto strides = clip.shape().strides();
  const int64_t channels = clip.shape()[channel_axis], item = clip.elements() / clip.shape()[0];
  const auto place = [&](size_t i) {
    const auto index = static_cast<int64_t>(i);
    return static_cast<size_t>(index / item * channels +
                               index / strides[static_cast<size_t>(channel_axis)] % channels);
  };
  std::vector<double> sums(static_cast<size_t>(clip.shape()[0] * channels), 0.0);
  for (size_t i = 0; i < values.size(); ++i) sums[place(i)] += values[i];
  Tensor result(clip.shape(), DType::kF64);
  for (size_t i = 0; i < values.size(); ++i) {
    result.values<double>()[i] = sums[place(i)] * static_cast<double>(channels) / static_cast<double>(item);
  }
  return result;
}

class GradientMethod : public Method {
 public:
  GradientMethod(Network& network, const ExplainerOptions& options)
      : network_(network),
        library_(network.library()),
        name_(options.method),
        options_(options),
        channel_axis_(options.channel_axis()),
        on_pass_(options.on_pass),
        start_{options.start == Start::kLogit, options.contrast} {}

  Keep keep() const override { return Keep::kGradient; }
  MethodCost cost() const override {
    const int64_t further = name_ == "integrated_gradients" ? options_.integration_steps
                            : name_ == "smoothgrad"         ? options_.noise_samples
                                                            : 0;
    return {1 + further, std::max<int64_t>(1, further)};
  }
  MethodResolution resolution() const override { return full_resolution(network_.graph(), channel_axis_); }
  bool starts_from_logit() const override { return start_.logit; }

  Attribution explain(const ClipState& state, std::span<const int64_t> targets) override {
    Attribution result;
    const Buffers relevance = name_ == "integrated_gradients" ? integrated_gradients(state.clips, targets)
                              : name_ == "smoothgrad"         ? smoothgrad(state.clips, targets)
                                                              : plain_gradient(state, targets);
    result.relevance = download_all(library_, relevance);
    return result;
  }

 private:
  using Buffers = std::vector<Buffer>;

  BackwardPaths paths() const {
    const bool is_guided = name_ == "guided_backprop" || name_ == "deconvnet";
    return options_.paths == GradientPaths::kLibra && !is_guided ? BackwardPaths::kLibra
                                                                 : BackwardPaths::kAll;
  }

  void pass() const {
    if (on_pass_) on_pass_();
  }

  /// The gradient and what differs from it in how ReLUs pass it, or times the input.
  Buffers plain_gradient(const ClipState& state, std::span<const int64_t> targets) {
    const GradientMode mode = name_ == "guided_backprop" ? GradientMode::kGuided
                              : name_ == "deconvnet"     ? GradientMode::kDeconvnet
                                                         : GradientMode::kPlain;
    const Buffer start = start_.at(library_, targets, state.logits);
    pass();
    Buffers g = gradient(network_, state.trace, start, mode, paths());
    if (name_ == "input_x_gradient") {
      for (size_t i = 0; i < g.size(); ++i) g[i] = library_.multiply(g[i], state.clips[i]);
    }
    return g;
  }

  Buffers gradient_of(const Buffers& clips, std::span<const int64_t> targets) {
    pass();
    const Trace trace = network_.forward(clips, Keep::kGradient);
    const Buffer start = start_.at(library_, targets, network_.output(trace));
    pass();
    return gradient(network_, trace, start, GradientMode::kPlain, paths());
  }

  Buffers zeros(std::span<const Buffer> clips) const {
    Buffers result;
    for (const Buffer& clip : clips) result.push_back(library_.filled(clip.shape(), 0));
    return result;
  }

  /// Sundararajan et al. 2017 (ICML), equation 3, with points 1/n, 2/n, ..., 1 of the straight path.
  Buffers integrated_gradients(std::span<const Buffer> clips, std::span<const int64_t> targets) {
    Buffers baseline = zeros(clips), difference, point(clips.size()), sum = zeros(clips);
    for (size_t i = 0; i < clips.size(); ++i) {
      if (options_.integration_baseline == PathBaseline::kMean)
        baseline[i] = library_.upload(channel_means(library_.download(clips[i]), channel_axis_));
      difference.push_back(library_.add(clips[i], baseline[i], -1));
    }
    const auto steps = static_cast<double>(options_.integration_steps);
    for (int64_t step = 1; step <= options_.integration_steps; ++step) {
      for (size_t i = 0; i < point.size(); ++i)
        point[i] = library_.add(baseline[i], difference[i], static_cast<double>(step) / steps);
      const Buffers g = gradient_of(point, targets);
      for (size_t i = 0; i < sum.size(); ++i) library_.accumulate(sum[i], g[i], 1 / steps);
    }
    for (size_t i = 0; i < sum.size(); ++i) sum[i] = library_.multiply(sum[i], difference[i]);
    return sum;
  }

  /// Smilkov et al. 2017 (arXiv 1706.03825): the mean gradient over noisy copies of the clip.
  Buffers smoothgrad(std::span<const Buffer> originals, std::span<const int64_t> targets) {
    std::mt19937_64 random(options_.seed);
    std::vector<Tensor> clips;
    for (const Buffer& clip : originals) clips.push_back(library_.download(clip).cast(DType::kF32));
    Buffers sum = zeros(originals), noisy(clips.size());
    for (int64_t sample = 0; sample < options_.noise_samples; ++sample) {
      for (size_t i = 0; i < clips.size(); ++i) noisy[i] = library_.upload(with_noise(clips[i], random));
      const Buffers g = gradient_of(noisy, targets);
      for (size_t i = 0; i < sum.size(); ++i)
        library_.accumulate(sum[i], g[i], 1 / static_cast<double>(options_.noise_samples));
    }
    return sum;
  }

  Tensor with_noise(const Tensor& clip, std::mt19937_64& random) const {
    Tensor noisy = clip.clone();
    const auto [low, high] = std::ranges::minmax(clip.values<float>());
    const float deviation = static_cast<float>(options_.noise_level) * (high - low);
    std::normal_distribution<float> noise;
    for (float& value : noisy.values<float>()) value += deviation * noise(random);
    return noisy;
  }

  Network& network_;
  kernels::Library& library_;
  std::string name_;
  MethodOptions options_;
  int64_t channel_axis_;
  std::function<void()> on_pass_;
  OutputStart start_;
};

}  // namespace

std::vector<std::string> gradient_method_names() {
  return {"gradient",   "input_x_gradient", "integrated_gradients",
          "smoothgrad", "guided_backprop",  "deconvnet"};
}

std::unique_ptr<Method> make_gradient_method(Network& network, const ExplainerOptions& options) {
  return std::make_unique<GradientMethod>(network, options);
}

}  // namespace relevid
