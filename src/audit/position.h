// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audit/observation.h"
#include "audit/survey.h"
#include "statistics/bootstrap.h"

namespace relevid::audit {

/// What position embeddings take of the score under one condition, along the network's steps in time, and
/// what reaches the frames beside it. All are ratios of sums over the videos, Σ taken / Σ |start|, so that a
/// video whose score is nearly 0 counts for as little as there is to share out.
struct PositionEstimate {
  int64_t videos = 0;
  statistics::Estimate share, content;                ///< of the score, over all steps
  std::vector<statistics::Estimate> by_time;          ///< [T'] of the score
  std::vector<statistics::Estimate> content_by_time;  ///< [T'] of the score
  int64_t k = 0;                                      ///< steps of the border at either end
  /// What positions take at a step of the border less at one of the others; nothing without others.
  std::optional<statistics::Estimate> border_over_others;
  std::vector<double> by_place;  ///< [H' W'] of the score, row by row
  int64_t columns = 0;           ///< W'
};

/// The frames [first, last) of a clip of `frames` that belong to one of `steps` steps in time.
std::pair<int64_t, int64_t> frames_of_step(int64_t step, int64_t steps, int64_t frames);

/// What the estimate says, in words.
std::string sentence_of(const PositionEstimate& estimate);

/// Collects a PositionEstimate for every condition. Borrows the bootstrap and the survey. Memory: by
/// conditions, steps, places and replicates, not by videos.
class PositionSums {
 public:
  PositionSums(statistics::Bootstrap& bootstrap, const Survey& survey);
  void add(const run::VideoRecord& video);
  /// Nothing for a condition under which no video has positions, or none has a score.
  std::optional<PositionEstimate> result(size_t condition);

 private:
  /// A panel's columns: the start, by_time, content.
  struct Sums {
    statistics::Bootstrap::Panel panel = 0;
    int exponent = 0;              ///< values are taken in units of 2^exponent, which keeps them within 1
    double start = 0;              ///< exact, as the panel's own are
    std::vector<double> by_place;  ///< exact
  };

  void add(Sums& sums, const run::PositionFinding& position);

  statistics::Bootstrap& bootstrap_;
  const Survey& survey_;
  std::vector<std::optional<Sums>> sums_;  ///< [condition]
};

}  // namespace relevid::audit
