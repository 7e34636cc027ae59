// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "evaluate/clip_evaluator.h"
#include "tune/clips.h"
#include "tune/scores.h"

namespace relevid::tune {

/// A network whose methods are one preset under several settings of gammas.
class GammaNetwork : public evaluate::MethodNetwork {
 public:
  /// From the next clip on method i is settings[i].
  virtual void use(std::span<const Setting> settings) = 0;
  /// Of checks, which a tuning has none of: Error(kInternal).
  int64_t runner_up(int64_t target) final;
  std::vector<float> map_beside(size_t method, int64_t other, int64_t target) final;
};

/// What both settings come to on a clip that had no part in the search.
struct HeldOutClip {
  std::string key;                        ///< its content
  double own = 0, tuned = 0, random = 0;  ///< ABPC, the mean over the plan's flippings
  double whole = 0, flipped = 0;          ///< the model's score as it is, and with all of it filled
};

/// What a setting comes to on a clip where its relevance grows to noise (explain/propagate.h): the least that
/// a mean difference of probabilities can be.
inline constexpr double kNoise = -1;

/// Scores settings by the ABPC of evaluate/flipping.h. Borrows all that it is given.
class Tuner {
 public:
  /// The class that is explained: the network's own, or the video's label where it has one.
  enum class Target { kPredicted, kLabel };
  /// `plan`: flippings, steps, regions and seed; its methods and baselines are set here.
  Tuner(const TuningClips& clips, evaluate::EvaluationPlan plan, Target target, GammaNetwork& network,
        Scores& scores);

  /// The class that the network gives to each clip, in their order: one forward pass each.
  std::vector<int64_t> predictions();
  /// The mean ABPC over the clips of Half::kChoice. What is computed is saved clip by clip.
  std::vector<double> score(std::span<const Setting> settings);
  /// The clips of Half::kReport. Throws where the preset's own relevance grows to noise.
  std::vector<HeldOutClip> held_out(const Setting& tuned);

 private:
  evaluate::EvaluatedClip evaluate(const TuningClip& clip, std::span<const Setting> settings,
                                   evaluate::EvaluationPlan::Baselines baselines);
  /// Puts the scores of a clip; Error(kUnsupportedModel) where one of the settings gives noise.
  void put_scores(const TuningClip& clip, std::span<const Setting> settings);
  void score_missing(const TuningClip& clip, std::span<const Setting> settings);

  const TuningClips& clips_;
  evaluate::EvaluationPlan plan_;
  Target target_;
  GammaNetwork& network_;
  Scores& scores_;
};

}  // namespace relevid::tune
