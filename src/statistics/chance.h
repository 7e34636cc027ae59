// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relevid::statistics {

/// The 95 % interval of a share, [0, 1]: exact (Clopper, Pearson 1934, Biometrika 26:404), by quantiles of
/// the beta distribution: low = B_0.025(k, n-k+1), high = B_0.975(k+1, n-k). 0 ≤ `successes` ≤ `trials`, 1 ≤
/// trials.
struct ExactInterval {
  double low = 0, high = 1;
};
ExactInterval clopper_pearson(int64_t successes, int64_t trials);

enum class Skill {
  kAboveChance,  ///< the exact interval lies above what the constant predictor gets
  kAtChance,     ///< it does not, though there are videos enough
  kCantTell,     ///< it does not, and fewer than kFewVideos labelled videos, or so few that not even all
                 ///< right would do; or all have one label
  kUnknown,      ///< no label, or no prediction
};

/// "above_chance", "at_chance", "cant_tell", "unknown"
std::string_view name(Skill skill);

/// Accuracy against chance, by videos. Chance is what always giving the most frequent label of these very
/// videos would get: the best that a model which does not look at its input can do, and never less than
/// 1 / (number of labels among them), however many classes the model has.
struct Chance {
  Skill skill = Skill::kUnknown;
  int64_t labelled = 0, right = 0;  ///< videos, top 1
  ExactInterval interval;           ///< of right / labelled; [0, 1] without a labelled video
  int64_t most_frequent_label = -1;
  int64_t most_frequent = 0;      ///< labelled videos that have it
  int64_t labels = 0;             ///< different ones
  int64_t predicted_classes = 0;  ///< different ones, over all videos, unlabelled ones too
  std::vector<int64_t>
      never_predicted;  ///< classes that label some video and are predicted for none; ascending
  std::string sentence;

  double accuracy() const { return static_cast<double>(right) / static_cast<double>(labelled); }
  /// In [0, 1]; NaN without a labelled video, as accuracy().
  double constant_share() const { return static_cast<double>(most_frequent) / static_cast<double>(labelled); }
};

/// Counts videos in any order.
class ChanceSums {
 public:
  /// `label` -1: none.
  void add(int64_t label, int64_t predicted);
  Chance result() const;

 private:
  int64_t labelled_ = 0, right_ = 0, videos_ = 0;
  std::map<int64_t, int64_t> labels_, predicted_;  ///< how many videos
};

/// "3: walking", or "3" where there is no such name.
std::string class_label(std::span<const std::string> class_names, int64_t label);

/// "Never predicted, of 4 classes that label a video: 0: up, 2: left."; the first ten by name. "" where all
/// are predicted.
std::string never_predicted(const Chance& chance, std::span<const std::string> class_names);

}  // namespace relevid::statistics
