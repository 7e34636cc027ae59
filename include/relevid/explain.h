// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "relevid/export.h"
#include "relevid/layer_account.h"
#include "relevid/methods.h"
#include "relevid/model.h"
#include "relevid/preprocessing.h"
#include "relevid/progress.h"
#include "relevid/sampling.h"
#include "relevid/tensor.h"
#include "relevid/video.h"

namespace RELEVID_EXPORT relevid {

/// The name of the method that "auto" stands for on this model: the one that was measured to answer best
/// (docs/user/methods.md); so far one for all. Every other name is returned as it is.
std::string resolved_method(const std::string& method, const Model& model, const Shape& clip_shape);

/// The smallest and largest value that the network's input can have, broadcastable to a clip.
struct InputRange {
  Tensor low, high;
};

/// The relevance of one clip.
struct ClipExplanation {
  Tensor relevance;                  ///< the clip's shape, float32
  std::vector<LayerAccount> layers;  ///< output first; empty for all but presets of relevance
  Tensor at_layer;                   ///< where relevance stopped at a layer: there, in the layer's own shape
  double around_layer = 0;           ///< relevance that went past that layer on other ways
  std::vector<std::string> notes;    ///< what else the method found, in words
  /// [1, T', H', W'], float32: what position embeddings took of the relevance of each patch, for presets that
  /// give them a share (value_path, attnlrp) and models that add them; else without elements. It is part of
  /// what biases absorb, and not in `relevance`.
  Tensor position;
};

/// Explains clips of one shape, by one method or several on the same network. Prepared once, used for many
/// clips; not thread-safe.
class ClipExplainer {
 public:
  /// `range` may be null; zB then gives way to w² in deep_taylor, and is an error in epsilon_gamma_box.
  /// Errors: kUnsupportedModel (with the list of nodes), kInvalidArgument, kCorruptInput (NaN weights).
  ClipExplainer(const Model& model, const Shape& clip_shape, const MethodOptions& options,
                const InputRange* range);
  /// One method or more. Layout, device, threads, precision and contrast are those of the first for all.
  ClipExplainer(const Model& model, const Shape& clip_shape, std::span<const MethodOptions> methods,
                const InputRange* range);
  ~ClipExplainer();
  ClipExplainer(ClipExplainer&&) noexcept;

  /// Logits [1, classes] of a clip, which is kept for explain(). Error(kCorruptInput) for NaN, with its
  /// position.
  Tensor forward(const Tensor& clip);
  /// By the method of this place. Methods share the forward pass; it is run again only on the way from a rule
  /// of relevance to a gradient and back, so that one method's activations are held at a time.
  ClipExplanation explain(int64_t target, size_t method = 0);
  /// Classes of the model: the logits' second axis.
  int64_t class_count() const;
  /// By their own names: never "auto".
  const std::vector<std::string>& methods() const;
  /// What it was made with, the method by its own name.
  const MethodOptions& options(size_t method = 0) const;
  /// As it was given.
  const std::optional<InputRange>& input_range() const;
  /// MethodOptions::contrast of the first method.
  std::optional<int64_t> contrast() const;
  /// Which start value a method takes, kLogit or kOne. Methods that only watch the score have none: kOne.
  Start effective_start(size_t method = 0) const;
  /// What one clip and target will cost.
  MethodCost cost(size_t method = 0) const;
  /// How fine the method of this place sees.
  MethodResolution resolution(size_t method = 0) const;
  /// What the relevance of the method of this place is like.
  const MethodTraits& traits(size_t method = 0) const;
  /// Is called after every pass through the network while explain() runs, from the thread that called it; may
  /// be empty. What it throws comes out of explain().
  void on_pass(std::function<void()> call);
  /// Whether the clips from now on are windows that slide over one video: where one begins with frames of the
  /// last, what the first layers find of them is taken over, once some have slid by the same number of
  /// frames. Values are the same to the bit. Off at first; each call starts again.
  void slide(bool slides);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// [T] shares of relevance under the preset null_profile: what the architecture alone does, whatever the
/// weights and the clip. Prepares a network of its own, which is gone when it returns. Of `options` gate,
/// layout and threads play a part. Errors as ClipExplainer's.
std::vector<double> null_profile(const Model& model, const Shape& clip_shape, const MethodOptions& options);

/// Softmax of every row of [N, classes], in double.
std::vector<std::vector<double>> probabilities(const Tensor& logits);

/// How far a map is its class's own: its linear correlation with the map of the runner-up, the best class
/// but the target, both summed over channels. 1: the same map for both classes. A method of one sign gives a
/// class of a negative logit a negative map, which counts as if it were positive.
struct ClassComparison {
  int64_t runner_up = -1;
  double correlation = 0;
};

/// Where the relevance of all clips went, in the unit of the start; not for methods without rules.
struct RelevanceAccount {
  double start = 0, arrived = 0;  ///< at the output; at the clip, or the layer where it stopped
  double absorbed_by_bias = 0, absorbed_by_epsilon = 0, dropped = 0;
  double around_layer = 0;  ///< past the layer where it stopped
};

/// A whole input explained: a video, a folder of images, or a clip given as numbers.
struct Explanation {
  std::filesystem::path input;
  std::string method;
  std::optional<VideoInfo> video;  ///< nothing for a clip given as numbers
  std::optional<Geometry> geometry;
  std::optional<Preprocessing> preprocessing;  ///< of the video's frames
  std::vector<ClipPlan> plans;                 ///< N clips
  std::shared_ptr<const Tensor> clips;      ///< [N, C, T, H, W]; shared between the explanations of one run
  Tensor logits;                            ///< [N, classes]
  std::vector<double> class_probabilities;  ///< mean over clips
  int64_t target = 0;
  std::optional<int64_t> contrast;                ///< the class whose logit was taken from the target's
  Tensor relevance;                               ///< [N, C, T, H, W]
  std::vector<std::vector<LayerAccount>> layers;  ///< per clip
  MethodCost cost;                                ///< of a clip
  MethodResolution resolution;
  MethodTraits traits;
  std::vector<std::vector<std::string>> notes;  ///< per clip: what else the method found
  std::vector<double> around_layer;             ///< per clip, where relevance stopped at a layer
  Tensor position;                              ///< [N, T', H', W'], as ClipExplanation has it
  /// Of the first clip; nothing for methods of more than two passes, and for null_profile.
  std::optional<ClassComparison> class_comparison;
  Tensor at_layer;  ///< [N, ...] the relevance where it stopped; empty where it went on to the clip
  /// Shares of relevance per frame, [N, T]: Σ R[t] / Σ R where relevance is of one sign, else of |R|
  /// (is_signed).
  Tensor frame_share;
  bool is_signed = false;
  /// The negative part of Σ R[t] over Σ |R|, [N, T]; 0 where not is_signed.
  Tensor negative_share;
  int64_t targets_in_run = 1;  ///< different classes that were explained together with this one
  /// Tells its files from those of the others in the run: ".method-M" where several methods were asked for,
  /// then ".target-INDEX" where several targets were.
  std::string name_in_run;
  /// For the record, as JSON objects: the method's name with every setting it listens to, and what the
  /// explanations of the run have in common.
  std::string method_settings, input_settings;
  /// Of the run. Frames are decoded beside the network's work: what it had to wait for them.
  double decode_seconds = 0, forward_seconds = 0;
  double explain_seconds = 0;  ///< of this target
};

/// How a file becomes clips, and what explaining it may take.
struct InputOptions {
  std::optional<ModelSettings> settings;   ///< needed for videos
  std::string settings_source;             ///< where they were found, in words, for the record
  ClipLayout layout = ClipLayout::kNcthw;  ///< of the model's input
  std::string input_key;                   ///< array of an .npz
  VideoOptions video;
  int64_t memory_limit_bytes = int64_t{4} << 30;  ///< of clips and relevance together
  /// Whether the first clip's map is compared with the runner-up's, one backward pass more.
  enum class ClassCheck { kFirstClip, kSkip } class_check = ClassCheck::kFirstClip;
};

/// Which class is explained: the best over all clips, or a given one.
struct TargetChoice {
  std::optional<int64_t> index;
};

/// Runs every clip of an input through the explainer; an Explanation for each of its methods and each target,
/// by method, then in the order of the targets, classes that come twice once. Decodes the video in one pass
/// after counting, holding only frames that clips still wait for. Throws Interrupted.
std::vector<Explanation> explain_input(ClipExplainer& explainer, const Shape& clip_shape,
                                       const std::filesystem::path& input, const InputOptions& options,
                                       std::span<const TargetChoice> targets, const RunControl& control);

/// Reads clips given as numbers, float32 [N, C, T, H, W]: .npy, or one array of an .npz.
Tensor read_clip(const std::filesystem::path& path, const std::string& key);
/// The layout that a clip's shape speaks for, by where its one or three channels are; NCTHW where that is
/// open.
ClipLayout layout_of(const Shape& clip);
/// Whether a path is a clip given as numbers, by its extension.
bool is_clip_file(const std::filesystem::path& path);

/// "6 of the clip's 16 frames repeat another: the video (10 frames) ends before the clip does.", or "" where
/// no clip repeats a frame.
std::string repeated_frames_sentence(const Explanation& explanation);

/// What position embeddings took of the relevance that all clips started with, split into time and space, and
/// what reached the frames beside it. Each clip counts by the size of its start.
struct PositionShare {
  double share = 0;              ///< of the start
  std::vector<double> by_time;   ///< [T'] shares of the start
  std::vector<double> content;   ///< [T'] what reached frames t of floor(t T' / T), in shares of the start
  std::vector<double> by_place;  ///< [H' W'] shares of the start, row by row
  int64_t rows = 0, columns = 0;
};
/// Nothing where Explanation::position has no elements, or where every clip starts from 0.
std::optional<PositionShare> position_share(const Explanation& explanation);

/// Nothing for methods without rules.
std::optional<RelevanceAccount> relevance_account(const Explanation& explanation);
/// What a reader of the map has to know first, a sentence each: that it hardly depends on the class (a
/// correlation above 0.95), that less than half of the start arrives, that what arrives has the other sign,
/// or that nothing does. Clips whose starts differ in sign count by the size of their start.
std::vector<std::string> warnings_of(const Explanation& explanation,
                                     std::span<const std::string> class_names);

/// "carving ice", or "class 72" where names are not known.
std::string class_label(int64_t index, std::span<const std::string> class_names);
/// The classes with the largest probabilities, best first.
std::vector<int64_t> best_classes(std::span<const double> probabilities, int64_t count);
/// The class with the largest probability but these; -1 where there is no other.
int64_t runner_up(std::span<const double> probabilities, int64_t target,
                  std::optional<int64_t> contrast = std::nullopt);

}  // namespace relevid
