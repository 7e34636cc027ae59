// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "explain/composite.h"
#include "explain/propagate.h"
#include "network/network.h"

namespace relevid {

/// Names of all methods: the presets of composite.h, then gradient, input_x_gradient, integrated_gradients,
/// smoothgrad, guided_backprop, deconvnet.
std::vector<std::string> method_names();

/// What relevance (or a gradient) starts from at the target: its logit, or 1. kDefault: the logit for
/// relevance and 1 for gradients and integrated gradients, whose sum is then comparable with the logit.
enum class StartValue { kDefault, kLogit, kOne };

/// Where the path of integrated gradients begins: zeros, or every channel's mean over the clip.
enum class Baseline { kZero, kMean };

struct GradientOptions {
  int64_t integration_steps = 20;  ///< integrated gradients: points of the path, 1/n to 1
  Baseline baseline = Baseline::kZero;
  int64_t channel_axis = 1;    ///< of the clip, for Baseline::kMean
  int64_t noise_samples = 20;  ///< SmoothGrad
  double noise_level = 0.1;    ///< SmoothGrad: standard deviation over (max - min) of the clip
  uint64_t seed = 1;
  std::function<void()> between_passes;  ///< called before each further pass; may throw to stop; may be empty
};

struct ExplainerOptions {
  std::string method = "deep_taylor";
  StartValue start = StartValue::kDefault;
  ProductRule product = ProductRule::kSignal;
  std::vector<CompositeEntry> rules;  ///< come before the preset's own
  std::optional<Bounds> bounds;       ///< of the input, for zB
  std::optional<int64_t> contrast;    ///< a class that starts with the negative: relevance of the difference
  GradientOptions gradients;
};

struct Attribution {
  /// One tensor per input of the network, of its shape ([N, C, T, H, W]): float32, float64 from the reference
  /// library.
  std::vector<Tensor> relevance;
  std::vector<LayerFlow> flows;  ///< relevance methods only, output first
};

/// One explanation method on one network. All methods have this interface. Keeps what does not depend on the
/// clip. Not thread-safe.
class Explainer {
 public:
  /// Throws Error(kInvalidArgument) for an unknown method or options that do not fit it.
  Explainer(Network& network, const ExplainerOptions& options);
  ~Explainer();

  /// Runs the network and keeps what the method needs; one tensor per input of the network (SlowFast has
  /// two). Error(kCorruptInput) where a clip holds NaN or infinity.
  void forward(std::span<const Tensor> clips);
  void forward(const Tensor& clip) { forward(std::span(&clip, 1)); }
  /// Takes the last clip over from another method on the same network, which forgets it. The network runs
  /// again only where this method needs other activations than that one.
  void take_clip_from(Explainer& other);
  /// Of the last clip, [N, classes].
  const Tensor& logits() const { return logits_; }
  /// Explains one class per item of the last clip.
  Attribution explain(std::span<const int64_t> targets);
  bool is_relevance() const { return propagation_ != nullptr; }
  bool starts_from_logit() const {
    return start_ == StartValue::kLogit || (start_ == StartValue::kDefault && is_relevance());
  }
  /// The rule that every node gets (empty for gradient methods), by node of the graph.
  std::vector<std::string> rule_names() const;

 private:
  void run_network();
  kernels::Buffer start(std::span<const int64_t> targets, const Tensor& logits) const;
  /// One buffer per input.
  using Buffers = std::vector<kernels::Buffer>;
  Buffers zeros() const;
  Buffers gradient_at(const Buffers& clips, std::span<const int64_t> targets);
  Buffers integrated_gradients(std::span<const int64_t> targets);
  Buffers smoothgrad(std::span<const int64_t> targets);
  Buffers plain_gradient(const kernels::Buffer& start);
  Tensor with_noise(const Tensor& clip, std::mt19937_64& random) const;

  Network& network_;
  kernels::Library& library_;
  std::string method_;
  StartValue start_;
  std::optional<int64_t> contrast_;
  GradientOptions gradients_;
  std::unique_ptr<Propagation> propagation_;
  Buffers clips_;
  Trace trace_;
  Tensor logits_;
};

/// Throws Error(kInvalidArgument) with the nearest name where the method is not one.
void require_method(const std::string& method);
/// Throws Error(kUnsupportedModel) where the graph has no class scores at its first output.
void require_explainable(const graph::Graph& graph);
/// A preset behind the user's own rules; throws Error(kInvalidArgument) where one of those fits no node.
Composite composite_for(const std::string& method, InputBounds bounds, ProductRule product,
                        std::vector<CompositeEntry> rules, const graph::Graph& graph);

/// Index of the largest logit of every item of [N, classes].
std::vector<int64_t> top_classes(const Tensor& logits);

}  // namespace relevid
