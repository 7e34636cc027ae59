// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tiny videos of small_dataset.h, audited by a network that is a formula.

#include <cmath>
#include <functional>

#include "audit/runner.h"
#include "run/small_dataset.h"

namespace relevid::testing {

/// Its best class is (grey level of the first frame, over 10) mod kClasses; a frame's share is its grey
/// level's.
class FormulaScorer : public audit::ClipScorer {
 public:
  audit::ClipScore score(const Tensor& clip, std::optional<int64_t> target) override {
    if (before_) before_(++calls_);
    const auto values = clip.values<float>();
    const auto frame = static_cast<size_t>(kPixels * kPixels);
    audit::ClipScore score;
    double sum = 0;
    for (size_t t = 0; t < kClipLength; ++t) {
      score.finding.shares.push_back(static_cast<double>(values[t * frame]) + 1);
      sum += score.finding.shares.back();
    }
    for (double& share : score.finding.shares) share /= sum;
    const auto best = static_cast<size_t>(std::lround(values[0])) / 10 % kClasses;
    score.probabilities.assign(kClasses, 0.1);
    score.probabilities[best] = 0.5;
    score.finding.target = target.value_or(static_cast<int64_t>(best));
    score.finding.target_logit = sum;
    score.finding.negative_share = 1 / sum;
    return score;
  }
  /// Called with the number of the call, from 1.
  void before_each(std::function<void(int64_t)> before) { before_ = std::move(before); }
  int64_t calls() const { return calls_; }

 private:
  std::function<void(int64_t)> before_;
  int64_t calls_ = 0;
};

/// The same network with positions, of two steps in time and 1 x 2 places: they take a tenth of the score
/// from each place of the first step, and of the second as many hundredths as the clip's class says.
class PositionScorer : public FormulaScorer {
 public:
  audit::ClipScore score(const Tensor& clip, std::optional<int64_t> target) override {
    audit::ClipScore score = FormulaScorer::score(clip, target);
    const double start = score.finding.target_logit,
                 second = 0.01 * static_cast<double>(score.finding.target);
    score.finding.position = run::PositionFinding{start,
                                                  {0.2 * start, second * start},
                                                  {0.25 * start, 0.5 * start},
                                                  {0.1 * start, (0.1 + second) * start},
                                                  2};
    return score;
  }
};

inline audit::RunnerOptions small_options() {
  audit::RunnerOptions options;
  options.feed = small_feed();
  return options;
}

/// Audits all of a shard with the formula.
template <class Scorer = FormulaScorer>
audit::RunnerOutcome run_small(const std::filesystem::path& path, const DataSet& data, Shard shard = {}) {
  const auto options = small_options();
  run::RunStore store(path, small_manifest(data, options.feed, shard));
  if (!store.null_profile()) store.put_null_profile(std::vector<double>{0.1, 0.4, 0.4, 0.1});
  Scorer network, random;
  return audit::audit_videos(store, data, options, {network, &random}, {});
}

}  // namespace relevid::testing
