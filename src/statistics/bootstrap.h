// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "statistics/estimate.h"

namespace relevid::statistics {

/// Σ factor · column: a statistic that is linear in what is averaged.
using Combination = std::vector<std::pair<size_t, double>>;

/// Bootstrap over videos in one pass over them: every replicate keeps its weighted sums, and no video is
/// kept. Weights: poisson_weights.h; intervals: interval.h. Memory: 8 bytes a replicate and column, whatever
/// the number of videos.
///
/// Values are rounded to multiples of 2^-32, so that all sums are exact (grid.h): the result is the same to
/// the bit for every order of the videos, and so for every number of shards.
///
/// Replicates in which no video was drawn are left out: 1 in e^n, so some for fewer than eight videos. How
/// far intervals of few videos are to be trusted: kFewVideos. Two records with the same key are drawn
/// together, as copies of one video should be.
class Bootstrap {
 public:
  /// Values seen together on the same videos.
  using Panel = size_t;

  Bootstrap(uint64_t seed, int64_t replicates);

  Panel add_panel(size_t columns);
  /// Begins a video; what is added belongs to it.
  void next_video(std::string_view key);
  /// One row for the present video; at most one a panel. Each value in [-4, 4]; a NaN or a value outside is
  /// Error(kInternal), more than 2^18 rows Error(kResourceLimit).
  void add(Panel panel, std::span<const double> row);

  int64_t videos(Panel panel) const { return panels_[panel].videos; }
  /// Mean over the panel's videos.
  Estimate mean(Panel panel, const Combination& combination, Guard guard = Guard::kNone);
  /// Ratio of two means over the same videos, paired: a replicate is the ratio of its two means. No interval,
  /// and NaN, where the denominator is 0.
  Estimate ratio(Panel panel, const Combination& numerator, const Combination& denominator);

 private:
  struct PanelSums {
    size_t columns = 0;
    int64_t videos = 0;
    std::vector<double> sums;    ///< [column][replicate]
    std::vector<double> totals;  ///< [replicate] of the weights
    std::vector<double> plain;   ///< [column], every weight 1
    std::vector<double> rows;    ///< waiting: [slot of `slots`][column]
    std::vector<size_t> slots;   ///< waiting: whose weights
  };

  void flush();
  void flush(PanelSums& panel);
  std::vector<double> combined(const PanelSums& panel, const Combination& combination) const;

  uint64_t seed_;
  size_t replicates_;
  std::vector<PanelSums> panels_;
  std::vector<double> weights_;  ///< [slot][replicate] of the videos that wait
  size_t slots_used_ = 0;
};

}  // namespace relevid::statistics
