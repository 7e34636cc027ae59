// SPDX-License-Identifier: Apache-2.0
// What every method of explanation is to the Explainer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "explain/composite.h"
#include "explain/flow.h"
#include "explain/propagate.h"
#include "network/network.h"
#include "relevid/methods.h"

namespace relevid {

/// The public options, and what they come to for a network that is prepared.
struct ExplainerOptions : MethodOptions {
  std::vector<CompositeEntry> rules;  ///< what rules_file holds; come before the preset's own
  std::optional<Bounds> bounds;       ///< of the input, for zB
  /// The network that changed clips go through, prepared for a batch of its own; null: the one explained.
  Network* scoring = nullptr;
  std::function<void()> on_pass;  ///< called before each pass of one clip; may throw to stop; may be empty

  /// The clip's channel axis: 1 for NCTHW, 2 for NTCHW, 4 for NTHWC.
  int64_t channel_axis() const;
};

struct Attribution {
  /// One tensor per input of the network, of its shape ([N, C, T, H, W]): float32, float64 from the reference
  /// library.
  std::vector<Tensor> relevance;
  std::vector<LayerFlow> flows;      ///< presets of relevance only, output first
  Tensor at_layer;                   ///< where relevance stopped at a layer: there, in the layer's shape
  std::vector<double> around_layer;  ///< and per item what went past it
  /// Presets of relevance on networks with position embeddings: what these took of each patch, [N, T', H',
  /// W'] float64, summed over channels; else without elements. Note [Relevance of position] in
  /// explain/token_grid.h.
  Tensor position;
  std::vector<std::vector<std::string>> notes;  ///< per item; empty where there are none
};

/// The last clip that went through the network, and what the pass left.
struct ClipState {
  std::span<const kernels::Buffer> clips;  ///< one per input of the network
  const Trace& trace;
  const Tensor& logits;
};

class Method {
 public:
  Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;
  virtual ~Method() = default;

  /// What the forward pass of the clip keeps for it.
  virtual Keep keep() const = 0;
  virtual std::vector<graph::ValueId> also_kept() const { return {}; }
  virtual MethodCost cost() const = 0;
  virtual MethodResolution resolution() const = 0;
  virtual bool starts_from_logit() const { return false; }
  /// Empty where the method has no rules, else by node.
  virtual std::vector<std::string> rule_names() const { return {}; }
  /// Explains one class per item.
  virtual Attribution explain(const ClipState& state, std::span<const int64_t> targets) = 0;
};

/// How the target is written at the output: start value, sign of the contrast.
struct OutputStart {
  bool logit = false;
  std::optional<int64_t> contrast;

  /// [N, classes]. Error(kInvalidArgument) for targets that do not fit.
  kernels::Buffer at(kernels::Library& library, std::span<const int64_t> targets, const Tensor& logits) const;
};
void require_targets(std::span<const int64_t> targets, const Shape& logits);

/// Finest possible: every frame and pixel of the network's first input.
MethodResolution full_resolution(const graph::Graph& graph, int64_t channel_axis);
std::vector<Tensor> download_all(kernels::Library& library, std::span<const kernels::Buffer> buffers);

// The families, each in a file of its own. Errors: kInvalidArgument for options that make no sense,
// kUnsupportedModel for a network that the method has nothing to hold on to in.
std::vector<std::string> gradient_method_names();
std::unique_ptr<Method> make_gradient_method(Network& network, const ExplainerOptions& options);
std::unique_ptr<Method> make_preset_method(Network& network, const ExplainerOptions& options);
/// The same under another method's options.
std::unique_ptr<Method> make_preset_method(Network& network, const ExplainerOptions& options,
                                           const std::string& preset);

}  // namespace relevid
