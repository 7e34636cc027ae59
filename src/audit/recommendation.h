// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/observation.h"
#include "audit/survey.h"
#include "audit/sweep.h"
#include "audit/withheld.h"
#include "statistics/bootstrap.h"
#include "statistics/mcnemar.h"

namespace relevid::audit {

enum class Advice {
  kChange,        ///< use `chosen`: its gain holds on videos that had no part in choosing it
  kKeep,          ///< stay with the base interval: a gain worth having would have been seen
  kTooFewVideos,  ///< stay with the base interval for want of evidence: `videos_needed`
  kNone,          ///< `withheld`; `advised` is the base, and no recommendation of it
};

/// How an interval fared on the half on which one is chosen.
struct Candidate {
  int64_t interval = 0;
  int64_t right = 0;          ///< videos, top 1
  bool within_noise = false;  ///< of the best
};

/// Which frame interval to use. Note [Choice and report] in recommendation.cpp says how it is found and why.
struct Recommendation {
  Advice advice = Advice::kTooFewVideos;
  int64_t base = 1;
  int64_t chosen = 1;   ///< on the choice half; may be the base
  int64_t advised = 1;  ///< `chosen` for kChange, otherwise the base
  int64_t choice_videos = 0, report_videos = 0;
  std::vector<Candidate> candidates;  ///< the compared intervals, ascending
  /// Of `chosen` over the base in the videos' top 1 accuracy on the report half; nullopt where the base was
  /// chosen.
  std::optional<statistics::Estimate> gain;
  std::optional<statistics::McNemar> mcnemar;
  /// Labelled videos, of both halves, that would show a gain of `gain_sought` with 80 % power; nullopt where
  /// there is nothing to compare.
  std::optional<int64_t> videos_needed;
  /// The smallest gain of interest, or the one observed for `chosen` where that is larger.
  double gain_sought = 0;
  /// Frames a second that the network sees, fps / interval, over the videos that fit; nullopt where no rate
  /// is known.
  std::optional<statistics::Range> base_rate, advised_rate;
  std::optional<Withheld> withheld;  ///< for kNone
  std::string sentence;
};

/// Whether the gain of `chosen` holds on the report half: its interval lies above 0, McNemar's test agrees (p
/// < 0.05), and the videos are enough. Also where advice is withheld: a false alarm, if the model knows
/// nothing.
bool gain_is_significant(const Recommendation& recommendation);

/// Makes it kNone; what was found stays, but for `videos_needed`.
void withhold(Recommendation& recommendation, const Withheld& withheld);

/// Collects what a recommendation needs. Borrows the bootstrap, the conditions and the survey.
class RecommendationSums {
 public:
  RecommendationSums(statistics::Bootstrap& bootstrap, const std::vector<run::Condition>& conditions,
                     const ComparedIntervals& intervals, const Survey& survey);
  void add(const run::VideoRecord& video);
  /// `smallest_gain` in (0, 1]: the smallest one whose absence is worth knowing. A smaller gain that is shown
  /// is still advised.
  Recommendation result(double smallest_gain);

 private:
  /// Counts over one half: right[i] videos at compared interval i, only[i][j] right at i and wrong at j.
  struct Counts {
    int64_t videos = 0;
    std::vector<int64_t> right;
    std::vector<std::vector<int64_t>> only;
  };
  static void count(Counts& counts, const std::vector<char>& right);
  std::vector<Candidate> candidates() const;
  size_t choose(const std::vector<Candidate>& candidates) const;
  size_t best_but_base() const;
  std::optional<statistics::Range> rate(size_t position) const;
  void weigh(Recommendation& result, size_t chosen, double smallest_gain);

  statistics::Bootstrap& bootstrap_;
  const std::vector<run::Condition>& conditions_;
  const Survey& survey_;
  ComparedIntervals intervals_;
  size_t base_ = 0;  ///< position among the compared
  Counts choice_, report_;
  statistics::Bootstrap::Panel panel_ = 0;  ///< right1 of every compared interval on the report half
};

}  // namespace relevid::audit
