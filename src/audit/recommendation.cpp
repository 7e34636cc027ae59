// SPDX-License-Identifier: Apache-2.0
#include "audit/recommendation.h"

#include <algorithm>
#include <cmath>

#include "audit/wording.h"

namespace relevid::audit {
using run::Condition;
using statistics::Bootstrap;
using statistics::Guard;
using statistics::Half;
using statistics::kFewVideos;
using statistics::mcnemar_exact;
using statistics::Range;
using statistics::videos_for_gain;

// Note [Choice and report]
//
// The best of several intervals looks better than it is, as it was picked for it. So the interval is chosen
// on one half of the videos (halves.h), and its gain is estimated and tested on the other, where it is one
// comparison fixed beforehand: neither the interval nor the p-value needs a correction for the number of
// intervals tried. Only videos that fit all compared intervals are used.
//
// Choice: on the choice half, an interval is within noise of the best if its accuracy is lower by no more
// than one standard error of the difference, paired over videos: with the best right and it wrong on b
// videos, and the other way round on c, of n: b - c ≤ √(b + c + 2 - (b - c)² / (n + 2)). This is the
// one-standard-error rule (Breiman, Friedman, Olshen, Stone 1984, section 3.4.3) with Bonett and Price's
// paired error (2012, one added to b and to c), without which a single differing video would count as more
// than noise. Of the intervals within noise the base is taken, otherwise the smallest: a larger one costs
// videos that no longer fit.
//
// Report: "change" where on the report half the 95 % interval of the gain lies above 0 and McNemar's exact
// test agrees (p < 0.05), from at least kFewVideos videos. Without any effect that happens in at most 2.5 %
// of data sets, and less because the base must lose the choice first.
//
// Otherwise the base stays. Whether that is knowledge or ignorance is told by power: if the report half has
// fewer videos than McNemar's test needs to see the gain sought with 80 % power at the discordance observed
// there (videos_for_gain, with one added to either discordant count as above), the videos are too few, unless
// the gain's interval already excludes the smallest gain of interest.

namespace {

constexpr double kLevel = 0.05;

}  // namespace

RecommendationSums::RecommendationSums(Bootstrap& bootstrap, const std::vector<Condition>& conditions,
                                       const ComparedIntervals& intervals, const Survey& survey)
    : bootstrap_(bootstrap), conditions_(conditions), survey_(survey), intervals_(intervals) {
  const auto& compared = intervals_.compared;
  base_ =
      static_cast<size_t>(std::find(compared.begin(), compared.end(), intervals_.base) - compared.begin());
  for (Counts* counts : {&choice_, &report_}) {
    counts->right.resize(compared.size());
    counts->only.assign(compared.size(), std::vector<int64_t>(compared.size()));
  }
  panel_ = bootstrap_.add_panel(compared.size());
}

void RecommendationSums::count(Counts& counts, const std::vector<char>& right) {
  ++counts.videos;
  for (size_t i = 0; i < right.size(); ++i) {
    counts.right[i] += right[i];
    for (size_t j = 0; j < right.size(); ++j) counts.only[i][j] += right[i] && !right[j];
  }
}

void RecommendationSums::add(const run::VideoRecord& video) {
  if (!is_common(video, intervals_.compared)) return;
  std::vector<char> right;
  for (const size_t i : intervals_.compared) right.push_back(video.by_condition[i]->right1 ? 1 : 0);
  if (survey_.halves.of(video.video.sha256) == Half::kChoice) {
    count(choice_, right);
    return;
  }
  count(report_, right);
  bootstrap_.add(panel_, std::vector<double>(right.begin(), right.end()));
}

std::vector<Candidate> RecommendationSums::candidates() const {
  const auto best = static_cast<size_t>(std::max_element(choice_.right.begin(), choice_.right.end()) -
                                        choice_.right.begin());
  std::vector<Candidate> result;
  for (size_t i = 0; i < intervals_.compared.size(); ++i) {
    const auto b = static_cast<double>(choice_.only[best][i]), c = static_cast<double>(choice_.only[i][best]);
    const auto n = static_cast<double>(choice_.videos);
    const bool within_noise = b - c <= std::sqrt(b + c + 2 - (b - c) * (b - c) / (n + 2));
    result.push_back({conditions_[intervals_.compared[i]].frame_interval, choice_.right[i], within_noise});
  }
  return result;
}

size_t RecommendationSums::choose(const std::vector<Candidate>& candidates) const {
  if (candidates[base_].within_noise) return base_;
  const auto first = std::find_if(candidates.begin(), candidates.end(),
                                  [](const Candidate& candidate) { return candidate.within_noise; });
  return static_cast<size_t>(first - candidates.begin());
}

size_t RecommendationSums::best_but_base() const {
  size_t best = base_ == 0 ? 1 : 0;
  for (size_t i = 0; i < choice_.right.size(); ++i) {
    if (i != base_ && choice_.right[i] > choice_.right[best]) best = i;
  }
  return best;
}

std::optional<Range> RecommendationSums::rate(size_t position) const {
  const size_t condition = intervals_.compared[position];
  return rate_of(survey_.fps[condition], conditions_[condition].frame_interval);
}

/// What the report half says, once an interval was chosen; there are two or more.
void RecommendationSums::weigh(Recommendation& result, size_t chosen, double smallest_gain) {
  const size_t other = chosen == base_ ? best_but_base() : chosen;
  const int64_t gained = report_.only[other][base_], lost = report_.only[base_][other];
  const auto videos = static_cast<double>(report_.videos);
  const double observed = report_.videos > 0 ? static_cast<double>(gained - lost) / videos : 0;
  result.gain_sought = chosen == base_ ? smallest_gain : std::max(observed, smallest_gain);
  const double discordant = static_cast<double>(gained + lost + 2) / (videos + 2);
  const int64_t needed = videos_for_gain(discordant, result.gain_sought);
  result.videos_needed = 2 * std::max(needed, kFewVideos);
  bool excludes_gain = false;
  if (chosen != base_) {
    result.gain = bootstrap_.mean(panel_, {{chosen, 1}, {base_, -1}}, Guard::kDifference);
    result.mcnemar = mcnemar_exact(gained, lost);
    excludes_gain = result.gain->reliable() && result.gain->high < smallest_gain;
    if (gain_is_significant(result)) {
      result.advice = Advice::kChange;
      result.advised = result.chosen;
      return;
    }
  }
  const bool enough = report_.videos >= std::max(needed, kFewVideos);
  result.advice = enough || excludes_gain ? Advice::kKeep : Advice::kTooFewVideos;
}

Recommendation RecommendationSums::result(double smallest_gain) {
  Recommendation result;
  result.candidates = candidates();
  result.base = result.candidates[base_].interval;
  const size_t chosen = choose(result.candidates);
  result.chosen = result.candidates[chosen].interval;
  result.advised = result.base;
  result.choice_videos = choice_.videos;
  result.report_videos = report_.videos;
  result.gain_sought = smallest_gain;
  if (result.candidates.size() == 1) {
    result.advice = Advice::kKeep;
  } else if (choice_.videos > 0) {
    weigh(result, chosen, smallest_gain);
  }
  result.base_rate = rate(base_);
  result.advised_rate = rate(result.advised == result.base ? base_ : chosen);
  result.sentence = sentence_of(result);
  return result;
}

bool gain_is_significant(const Recommendation& r) {
  return r.gain && r.mcnemar && r.gain->reliable() && r.gain->low > 0 && r.mcnemar->p < kLevel;
}

void withhold(Recommendation& recommendation, const Withheld& withheld) {
  recommendation.advice = Advice::kNone;
  recommendation.advised = recommendation.base;
  recommendation.advised_rate = recommendation.base_rate;
  recommendation.videos_needed.reset();
  recommendation.withheld = withheld;
  recommendation.sentence = sentence_of(recommendation);
}

}  // namespace relevid::audit
