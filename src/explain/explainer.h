// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "explain/composite.h"
#include "explain/method.h"
#include "network/network.h"
#include "network/shared_frames.h"

namespace relevid {

/// Names of all methods: the presets of composite.h, what is made of them, gradients, maps of activations,
/// and methods that change the clip and watch the score.
std::vector<std::string> method_names();

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
  /// Whether the clips from now on are windows that slide over a video: where one begins with frames of the
  /// last, what the first layers find of them is taken over, once enough have slid by the same number of
  /// frames. Values are the same to the bit. Off at first.
  void slide(bool slides);
  /// Whether the last forward pass took anything over from the one before.
  bool took_over() const { return took_over_; }
  /// So often by the same number of frames, cuts aside, must a window slide before sharing is prepared. That
  /// takes some 0.2 s with C3D, which is what 17 windows save.
  static constexpr int kShiftsBeforeSharing = 8;
  /// Of the last clip, [N, classes].
  const Tensor& logits() const { return logits_; }
  /// Explains one class per item of the last clip.
  Attribution explain(std::span<const int64_t> targets);
  MethodCost cost() const { return method_->cost(); }
  MethodResolution resolution() const { return method_->resolution(); }
  bool starts_from_logit() const { return method_->starts_from_logit(); }
  /// The rule that every node gets (empty for methods without rules), by node of the graph.
  std::vector<std::string> rule_names() const;

 private:
  void run_network(SharedFrames* shared);
  /// What this clip shares with the last one, if that is worth its copies.
  SharedFrames* shared_with_last(std::span<const Tensor> clips);
  bool finds_enough_in(const Explainer& other) const;

  Network& network_;
  std::unique_ptr<Method> method_;
  std::vector<graph::ValueId> also_kept_;
  int64_t time_axis_;
  Tensor last_clip_;
  std::unique_ptr<SharedFrames> shared_;  ///< of the shift between the last two clips that had one
  std::vector<kernels::Buffer> clips_;
  Trace trace_;
  Tensor logits_;
  int64_t last_shift_ = 0;
  int same_shifts_ = 0;  ///< shifts by last_shift_, cuts aside
  bool slides_ = false, took_over_ = false;
};

/// Throws Error(kInvalidArgument) with the nearest name where the method is not one.
void require_method(const std::string& method);
/// Throws Error(kUnsupportedModel) where the graph has no class scores at its first output.
void require_explainable(const graph::Graph& graph);
/// A preset after the user's own rules and what `options` say of gates and norms; throws
/// Error(kInvalidArgument) where one of the rules fits no node.
Composite composite_for(const std::string& method, InputBounds bounds, const MethodOptions& options,
                        std::vector<CompositeEntry> rules, const graph::Graph& graph);

/// Index of the largest logit of every item of [N, classes].
std::vector<int64_t> top_classes(const Tensor& logits);

}  // namespace relevid
