// SPDX-License-Identifier: Apache-2.0
#include "audit/report_position.h"

#include <fmt/format.h>

#include <algorithm>

#include "relevid/error.h"
#include "statistics/csv_line.h"

namespace relevid::audit {

using statistics::Estimate;
using statistics::estimate_columns;
using statistics::Line;

namespace {

constexpr size_t kColumn = 51;  // of two

/// Counted from 1, as frames are where people read them: "3-4".
std::string frame_range(int64_t step, int64_t steps, int64_t frames) {
  const auto [first, end] = frames_of_step(step, steps, frames);
  return first + 1 == end ? fmt::format("{}", end) : fmt::format("{}-{}", first + 1, end);
}

std::string step_cell(const PositionEstimate& estimate, size_t step, int64_t frames,
                      const PercentCell& cell) {
  return fmt::format("{:>7} {:>20} {:>20}",
                     frame_range(static_cast<int64_t>(step), std::ssize(estimate.by_time), frames),
                     cell(estimate.by_time[step]), cell(estimate.content_by_time[step]));
}

OrderedJson places_of(const PositionEstimate& estimate) {
  OrderedJson rows = OrderedJson::array();
  for (size_t i = 0; i < estimate.by_place.size(); ++i) {
    if (i % static_cast<size_t>(estimate.columns) == 0) rows.push_back(OrderedJson::array());
    rows.back().push_back(estimate.by_place[i]);
  }
  return rows;
}

}  // namespace

OrderedJson json(const PositionEstimate& estimate) {
  const auto write = [](const Estimate& e) { return json(e); };
  return {{"sentence", sentence_of(estimate)},
          {"videos", estimate.videos},
          {"share", json(estimate.share)},
          {"content", json(estimate.content)},
          {"by_time", list(estimate.by_time, write)},
          {"content_by_time", list(estimate.content_by_time, write)},
          {"k", estimate.k},
          {"border_over_others", json(estimate.border_over_others)},
          {"by_place", places_of(estimate)}};
}

std::string position_rows(const PositionEstimate& estimate, int64_t frames, const PercentCell& cell) {
  const size_t steps = estimate.by_time.size(), rows = (steps + 1) / 2;
  const std::string head = fmt::format("{:>7} {:>20} {:>20}", "frames", "positions", "content");
  std::string text = fmt::format("{:<{}}{}\n", head, kColumn, steps > 1 ? head : "");
  for (size_t row = 0; row < rows; ++row) {
    const std::string left = step_cell(estimate, row, frames, cell);
    text += row + rows < steps
                ? fmt::format("{:<{}}{}\n", left, kColumn, step_cell(estimate, row + rows, frames, cell))
                : left + "\n";
  }
  return text;
}

std::string position_totals(const Statistics& statistics, const PercentCell& cell) {
  std::string text;
  for (const ConditionStatistics& condition : statistics.conditions) {
    if (!condition.position) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", words_for(condition.condition),
                        cell(condition.position->share));
  }
  return text;
}

void write_positions_csv(const Report& report, const ReportSink& sink) {
  const auto& conditions = report.statistics.conditions;
  if (std::ranges::none_of(conditions, [](const auto& c) { return c.position.has_value(); })) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} has no positions: they are kept of networks that add position embeddings, for "
                    "the methods value_path and attnlrp, since version 2 of a run's tables",
                    report.run));
  }
  sink("condition,frame_interval,shift_frames,step,first_frame,last_frame,videos," +
       estimate_columns("position") + "," + estimate_columns("content") + "\n");
  Line line;
  for (const ConditionStatistics& condition : conditions) {
    if (!condition.position) continue;
    const PositionEstimate& estimate = *condition.position;
    for (size_t step = 0; step < estimate.by_time.size(); ++step) {
      const auto [first, end] =
          frames_of_step(static_cast<int64_t>(step), std::ssize(estimate.by_time), report.statistics.frames);
      line.text(name(condition.condition)).integer(condition.condition.frame_interval);
      line.integer(condition.condition.shift_frames).integer(step).integer(first).integer(end - 1);
      line.integer(estimate.videos).estimate(estimate.by_time[step]);
      line.estimate(estimate.content_by_time[step]).end(sink);
    }
  }
}

}  // namespace relevid::audit
