// SPDX-License-Identifier: Apache-2.0
#include "explain/explainer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "base/suggest.h"
#include "network/gradient.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using kernels::Buffer;
using kernels::GradientMode;

const std::vector<std::string>& gradient_methods() {
  static const std::vector<std::string> kNames = {"gradient",   "input_x_gradient", "integrated_gradients",
                                                  "smoothgrad", "guided_backprop",  "deconvnet"};
  return kNames;
}

bool is_gradient_method(const std::string& method) {
  return std::ranges::find(gradient_methods(), method) != gradient_methods().end();
}

std::string position(const Shape& shape, int64_t index) {
  std::vector<int64_t> at;
  for (const int64_t stride : shape.strides()) {
    at.push_back(index / stride);
    index %= stride;
  }
  return fmt::format("[{}]", fmt::join(at, ", "));
}

template <class T>
void require_finite_values(std::span<const T> values, const Shape& shape, std::string_view what) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} holds {} at {}", what, values[i], position(shape, static_cast<int64_t>(i))));
  }
}

void require_finite(const Tensor& tensor, std::string_view what) {
  if (tensor.dtype() == DType::kF32) require_finite_values(tensor.values<float>(), tensor.shape(), what);
  if (tensor.dtype() == DType::kF64) require_finite_values(tensor.values<double>(), tensor.shape(), what);
}

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

}  // namespace

std::vector<std::string> method_names() {
  std::vector<std::string> names = preset_names();
  names.insert(names.end(), gradient_methods().begin(), gradient_methods().end());
  return names;
}

std::vector<int64_t> top_classes(const Tensor& logits) {
  const auto values = logits.as_doubles();
  const auto items = static_cast<size_t>(logits.shape()[0]);
  const auto classes = static_cast<std::ptrdiff_t>(values.size() / items);
  std::vector<int64_t> result;
  for (size_t n = 0; n < items; ++n) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(n) * classes;
    result.push_back(std::max_element(begin, begin + classes) - begin);
  }
  return result;
}

void require_method(const std::string& method) {
  const auto names = method_names();
  if (std::ranges::find(names, method) != names.end()) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no method '{}'{}; there are {}", method,
                                                       did_you_mean(method, names), fmt::join(names, ", ")));
}

void require_explainable(const graph::Graph& graph) {
  if (graph.shape(graph.output).rank() != 2) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the model's first output is {}; class scores [batch, classes] are needed",
                            graph.shape(graph.output).to_string()));
  }
}

Composite composite_for(const std::string& method, InputBounds bounds, ProductRule product,
                        std::vector<CompositeEntry> rules, const graph::Graph& graph) {
  require_used(rules, graph);
  if (product != ProductRule::kSignal) rules.push_back({{{"Multiply"}, "", {}}, product});
  return preset(method, bounds).preceded_by(std::move(rules));
}

Explainer::Explainer(Network& network, const ExplainerOptions& options)
    : network_(network),
      library_(network.library()),
      method_(options.method),
      start_(options.start),
      contrast_(options.contrast),
      gradients_(options.gradients) {
  require_method(method_);
  require_explainable(network.graph());
  if (gradients_.integration_steps < 1 || gradients_.noise_samples < 1 || !(gradients_.noise_level >= 0)) {
    throw Error(ErrorKind::kInvalidArgument,
                "steps and samples are at least 1, and the noise level is not negative");
  }
  if (is_gradient_method(method_)) {
    if (options.rules.empty() && options.product == ProductRule::kSignal) return;
    throw Error(ErrorKind::kInvalidArgument, fmt::format("{} has no rules that could be replaced", method_));
  }
  const InputBounds bounds = options.bounds ? InputBounds::kKnown : InputBounds::kUnknown;
  const Composite composite = composite_for(method_, bounds, options.product, options.rules, network.graph());
  propagation_ =
      std::make_unique<Propagation>(network, composite, options.bounds ? &*options.bounds : nullptr);
}

Explainer::~Explainer() = default;

std::vector<std::string> Explainer::rule_names() const {
  return propagation_ ? propagation_->rule_names() : std::vector<std::string>(network_.graph().nodes.size());
}

void Explainer::forward(std::span<const Tensor> clips) {
  clips_.clear();
  trace_ = {};
  for (size_t i = 0; i < clips.size(); ++i) {
    require_finite(clips[i], clips.size() == 1 ? "the clip" : fmt::format("clip {}", i + 1));
    clips_.push_back(library_.upload(clips[i]));
  }
  run_network();
}

void Explainer::take_clip_from(Explainer& other) {
  if (&other == this) return;
  clips_ = std::exchange(other.clips_, {});
  trace_ = std::exchange(other.trace_, {});
  logits_ = std::exchange(other.logits_, {});
  if (is_relevance() == other.is_relevance()) return;
  trace_ = {};
  run_network();
}

void Explainer::run_network() {
  trace_ = network_.forward(clips_, propagation_ ? Keep::kRelevance : Keep::kGradient);
  logits_ = network_.output(trace_);
  require_finite(logits_, "the model's output");
}

Buffer Explainer::start(std::span<const int64_t> targets, const Tensor& logits) const {
  const Shape& shape = logits.shape();
  if (static_cast<int64_t>(targets.size()) != shape[0]) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} targets for {} clips", targets.size(), shape[0]));
  }
  const bool logit = starts_from_logit();
  const auto values = logits.as_doubles();
  Tensor r(shape, DType::kF64);
  const auto put = [&](size_t item, int64_t index, double sign) {
    if (index < 0 || index >= shape[1]) {
      throw Error(ErrorKind::kInvalidArgument, fmt::format("no class {}; the model has {}", index, shape[1]));
    }
    const auto position = item * static_cast<size_t>(shape[1]) + static_cast<size_t>(index);
    r.values<double>()[position] += sign * (logit ? values[position] : 1);
  };
  for (size_t n = 0; n < targets.size(); ++n) {
    put(n, targets[n], 1);
    if (contrast_) put(n, *contrast_, -1);
  }
  return library_.upload(r);
}

Attribution Explainer::explain(std::span<const int64_t> targets) {
  Attribution result;
  const Buffer r0 = start(targets, logits_);
  const Buffers relevance = propagation_                        ? propagation_->run(trace_, r0, &result.flows)
                            : method_ == "integrated_gradients" ? integrated_gradients(targets)
                            : method_ == "smoothgrad"           ? smoothgrad(targets)
                                                                : plain_gradient(r0);
  for (const Buffer& r : relevance) {
    result.relevance.push_back(library_.download(r));
    require_finite(result.relevance.back(), "the relevance");
  }
  return result;
}

/// The gradient and what differs from it in how ReLUs pass it, or times the input.
Explainer::Buffers Explainer::plain_gradient(const Buffer& start) {
  const GradientMode mode = method_ == "guided_backprop" ? GradientMode::kGuided
                            : method_ == "deconvnet"     ? GradientMode::kDeconvnet
                                                         : GradientMode::kPlain;
  Buffers g = gradient(network_, trace_, start, mode);
  if (method_ == "input_x_gradient") {
    for (size_t i = 0; i < g.size(); ++i) g[i] = library_.multiply(g[i], clips_[i]);
  }
  return g;
}

Explainer::Buffers Explainer::gradient_at(const Buffers& clips, std::span<const int64_t> targets) {
  if (gradients_.between_passes) gradients_.between_passes();
  const Trace trace = network_.forward(clips, Keep::kGradient);
  return gradient(network_, trace, start(targets, network_.output(trace)), GradientMode::kPlain);
}

Explainer::Buffers Explainer::zeros() const {
  Buffers result;
  for (const Buffer& clip : clips_) result.push_back(library_.filled(clip.shape(), 0));
  return result;
}

/// Sundararajan et al. 2017 (ICML), equation 3, with points 1/n, 2/n, ..., 1 of the straight path.
Explainer::Buffers Explainer::integrated_gradients(std::span<const int64_t> targets) {
  Buffers baseline = zeros(), difference, point(clips_.size()), sum = zeros();
  for (size_t i = 0; i < clips_.size(); ++i) {
    if (gradients_.baseline == Baseline::kMean)
      baseline[i] = library_.upload(channel_means(library_.download(clips_[i]), gradients_.channel_axis));
    difference.push_back(library_.add(clips_[i], baseline[i], -1));
  }
  const auto steps = static_cast<double>(gradients_.integration_steps);
  for (int64_t step = 1; step <= gradients_.integration_steps; ++step) {
    for (size_t i = 0; i < point.size(); ++i)
      point[i] = library_.add(baseline[i], difference[i], static_cast<double>(step) / steps);
    const Buffers g = gradient_at(point, targets);
    for (size_t i = 0; i < sum.size(); ++i) library_.accumulate(sum[i], g[i], 1 / steps);
  }
  for (size_t i = 0; i < sum.size(); ++i) sum[i] = library_.multiply(sum[i], difference[i]);
  return sum;
}

/// Smilkov et al. 2017 (arXiv 1706.03825): the mean gradient over noisy copies of the clip.
Explainer::Buffers Explainer::smoothgrad(std::span<const int64_t> targets) {
  std::mt19937_64 random(gradients_.seed);
  std::vector<Tensor> clips;
  for (const Buffer& clip : clips_) clips.push_back(library_.download(clip).cast(DType::kF32));
  Buffers sum = zeros(), noisy(clips.size());
  for (int64_t sample = 0; sample < gradients_.noise_samples; ++sample) {
    for (size_t i = 0; i < clips.size(); ++i) noisy[i] = library_.upload(with_noise(clips[i], random));
    const Buffers g = gradient_at(noisy, targets);
    for (size_t i = 0; i < sum.size(); ++i)
      library_.accumulate(sum[i], g[i], 1 / static_cast<double>(gradients_.noise_samples));
  }
  return sum;
}

Tensor Explainer::with_noise(const Tensor& clip, std::mt19937_64& random) const {
  Tensor noisy = clip.clone();
  const auto [low, high] = std::ranges::minmax(clip.values<float>());
  const float deviation = static_cast<float>(gradients_.noise_level) * (high - low);
  std::normal_distribution<float> noise;
  for (float& value : noisy.values<float>()) value += deviation * noise(random);
  return noisy;
}

}  // namespace relevid
