// SPDX-License-Identifier: Apache-2.0
#include "audit/position.h"

#include <fmt/format.h>

#include <cmath>

#include "relevid/sampling.h"
#include "statistics/grid.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using statistics::Combination;
using statistics::Estimate;

namespace {

constexpr size_t kStart = 0;  // a panel's first column

/// Σ of `count` columns from `first` on.
Combination sum_of(size_t first, int64_t count) {
  Combination all;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) all.emplace_back(first + i, 1);
  return all;
}

/// Mean over the border's steps less mean over the others.
Combination border_over_others(size_t first, int64_t steps, int64_t k) {
  Combination difference;
  for (int64_t s = 0; s < steps; ++s) {
    const bool at_border = s < k || s >= steps - k;
    const auto count = static_cast<double>(at_border ? 2 * k : steps - 2 * k);
    difference.emplace_back(first + static_cast<size_t>(s), (at_border ? 1 : -1) / count);
  }
  return difference;
}

std::string percent(const Estimate& e) {
  if (!e.has_interval()) return fmt::format("{:.1f} %", 100 * e.value);
  return fmt::format("{:.1f} % ({:.1f} to {:.1f})", 100 * e.value, 100 * e.low, 100 * e.high);
}

std::string border_words(int64_t k) {
  if (k == 1) return "the first and the last step in time";
  return fmt::format("the first {0} and the last {0} steps in time", k);
}

std::string border_clause(const PositionEstimate& estimate) {
  const Estimate& difference = *estimate.border_over_others;
  const std::string size =
      difference.has_interval()
          ? fmt::format("{:+.2f} points each ({:+.2f} to {:+.2f})", 100 * difference.value,
                        100 * difference.low, 100 * difference.high)
          : fmt::format("{:+.2f} points each", 100 * difference.value);
  const bool decided = difference.reliable() && (difference.low > 0 || difference.high < 0);
  if (!decided) {
    return fmt::format("Whether {} take more of it than the others, these videos can't tell: {}.",
                       border_words(estimate.k), size);
  }
  return fmt::format("At {} they take {} than at the others: {}.", border_words(estimate.k),
                     difference.low > 0 ? "more" : "less", size);
}

}  // namespace

std::pair<int64_t, int64_t> frames_of_step(int64_t step, int64_t steps, int64_t frames) {
  const auto first = [&](int64_t s) { return (s * frames + steps - 1) / steps; };
  return {first(step), first(step + 1)};
}

std::string sentence_of(const PositionEstimate& estimate) {
  std::string text = fmt::format("Position embeddings take {} of the score; {} reaches the frames.",
                                 percent(estimate.share), percent(estimate.content));
  if (estimate.border_over_others) text += " " + border_clause(estimate);
  if (!estimate.share.reliable())
    text += fmt::format(" From {}, too few to be trusted.", statistics::counted(estimate.videos, "video"));
  return text;
}

PositionSums::PositionSums(statistics::Bootstrap& bootstrap, const Survey& survey)
    : bootstrap_(bootstrap), survey_(survey), sums_(survey.positions.size()) {
  for (size_t i = 0; i < sums_.size(); ++i) {
    const auto& extent = survey.positions[i];
    if (!extent || extent->largest == 0) continue;
    Sums& sums = sums_[i].emplace();
    sums.panel = bootstrap_.add_panel(1 + 2 * static_cast<size_t>(extent->steps));
    sums.by_place.resize(static_cast<size_t>(extent->places));
    std::frexp(extent->largest, &sums.exponent);
  }
}

void PositionSums::add(const run::VideoRecord& video) {
  for (size_t i = 0; i < sums_.size(); ++i) {
    if (sums_[i] && video.by_condition[i] && video.by_condition[i]->position)
      add(*sums_[i], *video.by_condition[i]->position);
  }
}

void PositionSums::add(Sums& sums, const run::PositionFinding& position) {
  const auto scaled = [&](double value) { return std::ldexp(value, -sums.exponent); };
  std::vector<double> row = {scaled(position.start)};
  for (const auto* values : {&position.by_time, &position.content}) {
    for (const double value : *values) row.push_back(scaled(value));
  }
  bootstrap_.add(sums.panel, row);
  sums.start += statistics::on_grid(row[kStart]);
  for (size_t i = 0; i < sums.by_place.size(); ++i)
    sums.by_place[i] += statistics::on_grid(scaled(position.by_place[i]));
}

std::optional<PositionEstimate> PositionSums::result(size_t condition) {
  if (!sums_[condition] || !(sums_[condition]->start > 0)) return std::nullopt;
  const Sums& sums = *sums_[condition];
  const PositionExtent& extent = *survey_.positions[condition];
  const int64_t steps = extent.steps;
  const size_t taken = kStart + 1, content = taken + static_cast<size_t>(steps);
  const auto of_score = [&](const Combination& part) {
    return bootstrap_.ratio(sums.panel, part, {{kStart, 1}});
  };
  PositionEstimate estimate;
  estimate.videos = bootstrap_.videos(sums.panel);
  estimate.share = of_score(sum_of(taken, steps));
  estimate.content = of_score(sum_of(content, steps));
  for (size_t s = 0; s < static_cast<size_t>(steps); ++s) {
    estimate.by_time.push_back(of_score({{taken + s, 1}}));
    estimate.content_by_time.push_back(of_score({{content + s, 1}}));
  }
  estimate.k = border_frames(steps);
  if (2 * estimate.k < steps)
    estimate.border_over_others = of_score(border_over_others(taken, steps, estimate.k));
  for (const double place : sums.by_place) estimate.by_place.push_back(place / sums.start);
  estimate.columns = extent.columns;
  return estimate;
}

}  // namespace relevid::audit
