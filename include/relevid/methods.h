// SPDX-License-Identifier: Apache-2.0
// What methods of explanation have in common: what they cost, how fine they see, and the settings of those
// that ask the network about changed clips. docs/user/methods.md says what each is.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace relevid {

/// Passes of one clip through the network for one target, the clip's own forward pass included. Known before
/// any clip is.
struct MethodCost {
  int64_t forward = 1;
  int64_t backward = 0;

  int64_t total() const { return forward + backward; }
  bool operator==(const MethodCost&) const = default;
};

/// How many values of its own a method has along time, rows and columns of a clip; what lies between them is
/// interpolated or repeated.
struct MethodResolution {
  std::array<int64_t, 3> values{0, 0, 0};
  std::string in_time;  ///< in words: "2 frames of the feature map for 16 frames"
};

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

/// Settings of the methods that watch how the score changes with the clip. Sizes are frames, rows, columns; 0
/// leaves one to the method.
struct PerturbationOptions {
  Score score = Score::kLogit;
  Fill fill = Fill::kDefault;
  /// Occlusion: what is covered at once, and how far apart. Of shapley_frames the first: frames a player.
  std::array<int64_t, 3> window{0, 0, 0};
  std::array<int64_t, 3> stride{0, 0, 0};
  int64_t masks = 500;                    ///< rise
  std::array<int64_t, 3> cells{0, 0, 0};  ///< rise, extremal_perturbation: of a mask
  double keep_share = 0.5;                ///< rise: how much of the clip a mask shows
  std::vector<double> areas = {0.05, 0.1,
                               0.2};  ///< extremal_perturbation: shares of the clip that it may show
  int64_t iterations = 60;            ///< extremal_perturbation (of each area), temporal_mask
  int64_t permutations = 10;          ///< shapley_frames
  /// Changed clips that go through the network together. Above 1 a second network is prepared, which costs
  /// its memory; where the model takes single clips alone, it stays with one.
  int64_t batch = 1;
};

}  // namespace relevid
