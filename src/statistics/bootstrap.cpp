// SPDX-License-Identifier: Apache-2.0
#include "statistics/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>

#include "relevid/error.h"
#include "statistics/grid.h"
#include "statistics/interval.h"
#include "statistics/poisson_weights.h"

namespace relevid::statistics {
namespace {

// Videos wait in slots until there are enough to pass over the sums once for all of them, a block of
// replicates at a time that stays in the nearest cache.
constexpr size_t kSlots = 32;
constexpr size_t kBlock = 256;

/// The replicates that drew anything to divide by.
std::vector<double> quotients(const std::vector<double>& numerators,
                              const std::vector<double>& denominators) {
  std::vector<double> result;
  result.reserve(numerators.size());
  for (size_t i = 0; i < numerators.size(); ++i) {
    if (denominators[i] != 0) result.push_back(numerators[i] / denominators[i]);
  }
  return result;
}

double combined_plain(const std::vector<double>& plain, const Combination& combination) {
  double sum = 0;
  for (const auto& [column, factor] : combination) sum += factor * plain[column];
  return sum;
}

}  // namespace

Bootstrap::Bootstrap(uint64_t seed, int64_t replicates)
    : seed_(seed), replicates_(static_cast<size_t>(replicates)), weights_(kSlots * replicates_) {}

Bootstrap::Panel Bootstrap::add_panel(size_t columns) {
  PanelSums panel;
  panel.columns = columns;
  panel.sums.resize(columns * replicates_);
  panel.totals.resize(replicates_);
  panel.plain.resize(columns);
  panels_.push_back(std::move(panel));
  return panels_.size() - 1;
}

void Bootstrap::next_video(std::string_view key) {
  if (slots_used_ == kSlots) flush();
  const std::span<double> slot(&weights_[slots_used_ * replicates_], replicates_);
  fill_poisson_weights(seed_, key, slot);
  ++slots_used_;
}

void Bootstrap::add(Panel panel, std::span<const double> row) {
  PanelSums& sums = panels_[panel];
  if (row.size() != sums.columns || slots_used_ == 0 ||
      (!sums.slots.empty() && sums.slots.back() == slots_used_ - 1)) {
    throw Error(ErrorKind::kInternal, "bootstrap: a row that does not belong to its panel and video");
  }
  check_room_for_video(sums.videos);
  for (size_t column = 0; column < row.size(); ++column) {
    sums.rows.push_back(on_grid(row[column]));
    sums.plain[column] += sums.rows.back();
  }
  sums.slots.push_back(slots_used_ - 1);
  ++sums.videos;
}

void Bootstrap::flush() {
  for (PanelSums& panel : panels_) flush(panel);
  slots_used_ = 0;
}

void Bootstrap::flush(PanelSums& panel) {
  for (size_t begin = 0; begin < replicates_; begin += kBlock) {
    const size_t count = std::min(kBlock, replicates_ - begin);
    for (const size_t slot : panel.slots) {
      const double* weights = &weights_[slot * replicates_ + begin];
      for (size_t i = 0; i < count; ++i) panel.totals[begin + i] += weights[i];
    }
    for (size_t column = 0; column < panel.columns; ++column) {
      double* sums = &panel.sums[column * replicates_ + begin];
      for (size_t row = 0; row < panel.slots.size(); ++row) {
        const double value = panel.rows[row * panel.columns + column];
        const double* weights = &weights_[panel.slots[row] * replicates_ + begin];
        for (size_t i = 0; i < count; ++i) sums[i] += weights[i] * value;
      }
    }
  }
  panel.rows.clear();
  panel.slots.clear();
}

std::vector<double> Bootstrap::combined(const PanelSums& panel, const Combination& combination) const {
  std::vector<double> result(replicates_);
  for (const auto& [column, factor] : combination) {
    const double* sums = &panel.sums[column * replicates_];
    for (size_t i = 0; i < replicates_; ++i) result[i] += factor * sums[i];
  }
  return result;
}

Estimate Bootstrap::mean(Panel index, const Combination& combination, Guard guard) {
  flush();
  const PanelSums& panel = panels_[index];
  if (panel.videos == 0) return {};
  std::vector<double> sums = combined(panel, combination), totals = panel.totals;
  const double plain = combined_plain(panel.plain, combination);
  double centre = plain;
  std::vector<double> weights(replicates_);
  const auto added = added_by(guard);
  for (size_t k = 0; k < added.size(); ++k) {
    fill_poisson_weights(seed_, fmt::format("added observation {}", k), weights);
    for (size_t i = 0; i < replicates_; ++i) {
      sums[i] += weights[i] * added[k];
      totals[i] += weights[i];
    }
    centre += added[k];
  }
  const auto videos = static_cast<double>(panel.videos);
  const auto size = static_cast<int64_t>(added.size()) + panel.videos;
  const Levels levels = guard == Guard::kNone ? Levels::kBca : Levels::kPercentile;
  Estimate estimate = interval_of(centre / static_cast<double>(size), quotients(sums, totals), size, levels);
  estimate.value = plain / videos;
  estimate.low = std::min(estimate.low, estimate.value);
  estimate.high = std::max(estimate.high, estimate.value);
  estimate.videos = panel.videos;
  return estimate;
}

Estimate Bootstrap::ratio(Panel index, const Combination& numerator, const Combination& denominator) {
  flush();
  const PanelSums& panel = panels_[index];
  const double below = combined_plain(panel.plain, denominator);
  Estimate estimate;
  if (panel.videos > 0 && below != 0) {
    estimate = interval_of(combined_plain(panel.plain, numerator) / below,
                           quotients(combined(panel, numerator), combined(panel, denominator)), panel.videos,
                           Levels::kBca);
  }
  estimate.videos = panel.videos;
  return estimate;
}

}  // namespace relevid::statistics
