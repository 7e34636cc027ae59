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
  if (graph.inputs.size() != 1) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the model has {} inputs; models with one are explained", graph.inputs.size()));
  }
  if (graph.shape(graph.output).rank() != 2) {
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("the model's first output is {}; class scores [batch, classes] are needed",
                            graph.shape(graph.output).to_string()));
  }
  for (const graph::Node& node : graph.nodes) {
    if (!std::holds_alternative<graph::Softmax>(node.op)) continue;
    throw Error(ErrorKind::kUnsupportedModel,
                fmt::format("Softmax '{}' inside the network is not taken", node.name));
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

void Explainer::forward(const Tensor& clip) {
  require_finite(clip, "the clip");
  trace_ = {};
  clip_ = library_.upload(clip);
  run_network();
}

void Explainer::take_clip_from(Explainer& other) {
  if (&other == this) return;
  clip_ = std::exchange(other.clip_, {});
  trace_ = std::exchange(other.trace_, {});
  logits_ = std::exchange(other.logits_, {});
  if (is_relevance() == other.is_relevance()) return;
  trace_ = {};
  run_network();
}

void Explainer::run_network() {
  trace_ = network_.forward(std::span(&clip_, 1), propagation_ ? Keep::kRelevance : Keep::kGradient);
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
  if (propagation_) {
    result.relevance = library_.download(propagation_->run(trace_, r0, &result.flows)[0]);
  } else if (method_ == "integrated_gradients") {
    result.relevance = library_.download(integrated_gradients(targets));
  } else if (method_ == "smoothgrad") {
    result.relevance = library_.download(smoothgrad(targets));
  } else {
    const GradientMode mode = method_ == "guided_backprop" ? GradientMode::kGuided
                              : method_ == "deconvnet"     ? GradientMode::kDeconvnet
                                                           : GradientMode::kPlain;
    Buffer g = gradient(network_, trace_, r0, mode)[0];
    if (method_ == "input_x_gradient") g = library_.multiply(g, clip_);
    result.relevance = library_.download(g);
  }
  require_finite(result.relevance, "the relevance");
  return result;
}

Buffer Explainer::gradient_at(const Buffer& clip, std::span<const int64_t> targets, GradientMode mode) {
  if (gradients_.between_passes) gradients_.between_passes();
  const Trace trace = network_.forward(std::span(&clip, 1), Keep::kGradient);
  return gradient(network_, trace, start(targets, network_.output(trace)), mode)[0];
}

/// Sundararajan et al. 2017 (ICML), equation 3, with points 1/n, 2/n, ..., 1 of the straight path.
Buffer Explainer::integrated_gradients(std::span<const int64_t> targets) {
  const Buffer baseline =
      gradients_.baseline == Baseline::kZero
          ? library_.filled(clip_.shape(), 0)
          : library_.upload(channel_means(library_.download(clip_), gradients_.channel_axis));
  const Buffer difference = library_.add(clip_, baseline, -1);
  Buffer sum = library_.filled(clip_.shape(), 0);
  const auto steps = static_cast<double>(gradients_.integration_steps);
  for (int64_t i = 1; i <= gradients_.integration_steps; ++i) {
    const Buffer point = library_.add(baseline, difference, static_cast<double>(i) / steps);
    library_.accumulate(sum, gradient_at(point, targets, GradientMode::kPlain), 1 / steps);
  }
  return library_.multiply(sum, difference);
}

/// Smilkov et al. 2017 (arXiv 1706.03825): the mean gradient over noisy copies of the clip.
Buffer Explainer::smoothgrad(std::span<const int64_t> targets) {
  Tensor clip = library_.download(clip_).cast(DType::kF32);
  const auto values = clip.values<float>();
  const auto [low, high] = std::ranges::minmax(values);
  std::mt19937_64 random(gradients_.seed);
  std::normal_distribution<float> noise;
  const float deviation = static_cast<float>(gradients_.noise_level) * (high - low);
  Buffer sum = library_.filled(clip_.shape(), 0);
  for (int64_t i = 0; i < gradients_.noise_samples; ++i) {
    Tensor noisy = clip.clone();
    for (float& value : noisy.values<float>()) value += deviation * noise(random);
    const Buffer g = gradient_at(library_.upload(noisy), targets, GradientMode::kPlain);
    library_.accumulate(sum, g, 1 / static_cast<double>(gradients_.noise_samples));
  }
  return sum;
}

}  // namespace relevid
