// SPDX-License-Identifier: Apache-2.0
// Methods of explanation: what they are called, what they can be told, what they cost and how fine they see.
// docs/user/methods.md says what each is.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "relevid/clip_layout.h"
#include "relevid/export.h"
#include "relevid/precision.h"

namespace RELEVID_EXPORT relevid {

/// What relevance (or a gradient) starts from at the target: its logit, or 1. kDefault: the logit for
/// relevance, and 1 for gradients and maps of activations; the sum of integrated gradients is then comparable
/// with the logit. Methods that only watch the score start nothing.
enum class Start { kDefault, kLogit, kOne };

/// Products of two branches: all relevance to the signal, or half to each; kDefault: as the preset has it
/// (attnlrp gives halves, the others all to the signal).
enum class GateRule { kDefault, kSignal, kHalf };

/// Layer, instance, group and RMS norms. kLinear: the deviation counts as a constant, the mean's subtraction
/// is propagated, the shift absorbs its share. kPass: relevance passes as it is (Achtibat et al. 2024, arXiv
/// 2402.05602, proposition 3.4). kDefault: kPass for presets without negative relevance (deep_taylor,
/// excitation_backprop), kLinear for the others.
enum class NormHandling { kDefault, kLinear, kPass };

/// Which ways a gradient goes back: all, or those that leave it complete (LibraGrad, arXiv 2411.16760): the
/// weights of attentions, the deviations of norms and gates count as constants, and an activation f passes
/// f(x) / x.
enum class GradientPaths { kAll, kLibra };

/// Where the path of integrated gradients begins: zeros, or every channel's mean over the clip.
enum class PathBaseline { kZero, kMean };

/// What stands in for what is taken out of a clip.
enum class Fill {
  kDefault,  ///< the method's: mean; blur for extremal_perturbation
  kMean,     ///< each channel's mean over the clip
  kZero,     ///< 0, which after normalisation is the mean of what the network was trained on
  kBlur,     ///< the frame, blurred until no object is left
  kFreeze    ///< the frame before stays: motion is taken out, the picture is not
};

/// Which number of the target class is watched.
enum class Score { kLogit, kProbability };

/// A method and all that it can be told. Which settings a method listens to, and their ranges, is in
/// method_fields() (relevid/method_fields.h), from which the command's options and the records are made.
/// Sizes are frames, rows, columns; 0 leaves one to the method.
struct MethodOptions {
  std::string method = "auto";  ///< one of methods(), or "auto" (resolved_method)

  Start start = Start::kDefault;
  std::optional<int64_t> contrast;  ///< explain the target's logit less this class's

  // Presets of relevance, and what is made of them.
  GateRule gate = GateRule::kDefault;
  NormHandling norm = NormHandling::kDefault;
  std::filesystem::path rules_file;  ///< a user's own rules, before the preset's; empty: none
  /// Whose map grad_cam, layer_cam and guided_grad_cam take, empty: the last convolution; where relevance
  /// stops, empty: at the clip. A node's name, as describe_layers() has it.
  std::string layer;
  /// The preset that spatial_relevance, temporal_relevance and selective_relevance take apart.
  std::string relevance = "deep_taylor";
  double selective_sigmas = 1;  ///< selective_relevance: changes beyond this many deviations are kept

  // Gradients.
  GradientPaths paths = GradientPaths::kAll;
  int64_t integration_steps = 20;  ///< integrated_gradients: points of the path, 1/n to 1
  PathBaseline integration_baseline = PathBaseline::kZero;
  int64_t noise_samples = 20;  ///< smoothgrad
  double noise_level = 0.1;    ///< smoothgrad: standard deviation over (max - min) of the clip

  // Methods that change the clip and watch the score.
  Score score = Score::kLogit;
  Fill fill = Fill::kDefault;
  std::array<int64_t, 3> window{0, 0, 0};  ///< occlusion: covered at once; shapley_frames: frames a player
  std::array<int64_t, 3> window_stride{0, 0, 0};  ///< occlusion: between windows
  int64_t masks = 500;                            ///< rise
  std::array<int64_t, 3> cells{0, 0, 0};          ///< rise, extremal_perturbation: of a mask
  double keep_share = 0.5;                        ///< rise: how much of the clip a mask shows
  std::vector<double> areas = {0.05, 0.1, 0.2};   ///< extremal_perturbation: shares of the clip it may show
  int64_t iterations = 60;                        ///< extremal_perturbation (of each area), temporal_mask
  int64_t permutations = 10;                      ///< shapley_frames
  /// Changed clips that go through the network together. Above 1 a second network is prepared, which costs
  /// its memory; where the model takes single clips alone, it stays with one.
  int64_t batch = 1;

  uint64_t seed = 1;           ///< of noise, masks and orders
  std::string device = "cpu";  ///< what the network runs on, a name of relevid/device.h
  Precision precision = Precision::kFloat32;

  ClipLayout layout = ClipLayout::kNcthw;  ///< of the clips, to know their channels
  int threads = 0;                         ///< 0: all cores
  /// Of the activations of changed clips that go through the network together: `batch` is lowered to fit.
  int64_t batch_limit_bytes = int64_t{4} << 30;
  /// Looked at between the passes of methods that take many; where set, explain() throws Interrupted.
  const std::atomic<bool>* interrupt = nullptr;
};

/// The names of all methods.
std::vector<std::string> methods();
/// Throws Error(kInvalidArgument) with the nearest name where it is neither "auto" nor one of methods().
void require_known_method(const std::string& method);

/// What a method's relevance is like, whatever the network and the clip.
struct MethodTraits {
  /// Whether it can be negative where the score that is explained is positive.
  bool can_be_negative = true;
  /// Whether it comes back from the output to the input layer by layer, as the null profile does, which
  /// therefore says what the architecture's part in it is. Not so for maps of a layer and for methods that
  /// change the clip.
  bool has_null_profile = false;
};
/// Of the method that `options` name. Throws nothing: an unknown method has the traits of a plain gradient.
MethodTraits method_traits(const MethodOptions& options);

/// Passes of one clip through the network for one target, the clip's own forward pass included. Known before
/// any clip is.
struct MethodCost {
  int64_t forward = 1;
  int64_t backward = 0;

  /// Forward and backward passes together.
  int64_t total() const { return forward + backward; }
  bool operator==(const MethodCost&) const = default;
};

/// How many values of its own a method has along time, rows and columns of a clip; what lies between them is
/// interpolated or repeated.
struct MethodResolution {
  std::array<int64_t, 3> values{0, 0, 0};
  std::string in_time;  ///< in words: "2 frames of the feature map for 16 frames"
};

}  // namespace relevid
