// SPDX-License-Identifier: Apache-2.0
#include "tune/tuner.h"

#include <map>

#include "evaluate/video_values.h"
#include "relevid/error.h"

namespace relevid::tune {
namespace {

using evaluate::EvaluatedClip;
using evaluate::FlippingValues;
using Baselines = evaluate::EvaluationPlan::Baselines;

/// A method's values, the mean over the flippings.
FlippingValues mean_over_flippings(const evaluate::VideoValues& video, const std::string& method) {
  FlippingValues mean;
  const auto share = 1 / static_cast<double>(video.flippings.size());
  for (const auto& [flipping, methods] : video.flippings) {
    const FlippingValues& values = methods.at(method);
    mean.abpc += share * values.abpc;
    mean.whole += share * values.whole;
    mean.flipped += share * values.flipped;
  }
  return mean;
}

evaluate::VideoValues values_of(const TuningClip& clip, const EvaluatedClip& evaluated) {
  evaluate::VideoRows rows;
  rows.video = clip.video;
  for (const evaluate::CurveRow& curve : evaluated.curves) rows.curves.emplace_back(0, curve);
  return evaluate::reduce(rows, EvaluationReportOptions::Score::kProbability);
}

}  // namespace

int64_t GammaNetwork::runner_up(int64_t) {
  throw Error(ErrorKind::kInternal, "a tuning has no checks");
}

std::vector<float> GammaNetwork::map_beside(size_t, int64_t, int64_t) {
  throw Error(ErrorKind::kInternal, "a tuning has no checks");
}

Tuner::Tuner(const TuningClips& clips, evaluate::EvaluationPlan plan, Target target, GammaNetwork& network,
             Scores& scores)
    : clips_(clips), plan_(std::move(plan)), target_(target), network_(network), scores_(scores) {}

std::vector<int64_t> Tuner::predictions() {
  std::vector<int64_t> classes;
  for (const TuningClip& clip : clips_.clips) classes.push_back(network_.take(clip.clip));
  return classes;
}

EvaluatedClip Tuner::evaluate(const TuningClip& clip, std::span<const Setting> settings,
                              Baselines baselines) {
  plan_.methods.clear();
  for (const Setting& setting : settings) plan_.methods.push_back(to_string(setting));
  plan_.baselines = baselines;
  network_.use(settings);
  evaluate::ClipToEvaluate one{clip.clip, clip.video.name};
  if (target_ == Target::kLabel && clip.video.label != kUnlabelled) one.target = clip.video.label;
  return evaluate::evaluate_clip(one, plan_, {network_, {}});
}

void Tuner::put_scores(const TuningClip& clip, std::span<const Setting> settings) {
  const auto values = values_of(clip, evaluate(clip, settings, Baselines::kWithout));
  for (const Setting& setting : settings)
    scores_.put(setting, clip.video.sha256, mean_over_flippings(values, to_string(setting)).abpc);
}

void Tuner::score_missing(const TuningClip& clip, std::span<const Setting> settings) {
  std::vector<Setting> missing;
  for (const Setting& setting : settings)
    if (!scores_.find(setting, clip.video.sha256)) missing.push_back(setting);
  if (missing.empty()) return;
  try {
    put_scores(clip, missing);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupportedModel) throw;
    if (missing.size() == 1) {
      scores_.put(missing.front(), clip.video.sha256, kNoise);
    } else {  // one of them gives noise: each for itself
      for (const Setting& setting : missing) score_missing(clip, std::span(&setting, 1));
    }
  }
  scores_.save();
}

std::vector<double> Tuner::score(std::span<const Setting> settings) {
  std::vector<double> sums(settings.size(), 0.0);
  double clips = 0;
  for (const TuningClip& clip : clips_.clips) {
    if (clip.half != statistics::Half::kChoice) continue;
    score_missing(clip, settings);
    for (size_t i = 0; i < settings.size(); ++i)
      sums[i] += scores_.find(settings[i], clip.video.sha256).value();
    ++clips;
  }
  for (double& sum : sums) sum /= clips;
  return sums;
}

std::vector<HeldOutClip> Tuner::held_out(const Setting& tuned) {
  const Setting own(tuned.size());
  std::vector<HeldOutClip> rows;
  for (const TuningClip& clip : clips_.clips) {
    if (clip.half != statistics::Half::kReport) continue;
    const auto values = values_of(clip, evaluate(clip, std::span(&own, 1), Baselines::kWith));
    const auto at_own = mean_over_flippings(values, to_string(own));
    scores_.put(own, clip.video.sha256, at_own.abpc);
    score_missing(clip, std::span(&tuned, 1));
    rows.push_back({clip.video.sha256, at_own.abpc, scores_.find(tuned, clip.video.sha256).value(),
                    mean_over_flippings(values, std::string(evaluate::kRandom)).abpc, at_own.whole,
                    at_own.flipped});
  }
  return rows;
}

}  // namespace relevid::tune
