// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "evaluate/store.h"
#include "relevid/error.h"
#include "run/run_reader.h"

namespace relevid::evaluate {

using run::Statement;

namespace {

[[noreturn]] void damaged(const std::string& path, std::string_view what) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("{}: {}; the run is damaged", path, what));
}

std::vector<double> points_of(const Statement& row, int column, const std::string& path) {
  const auto blob = row.blob(column);
  auto points = run::from_blob(blob, static_cast<int64_t>(blob.size() / 8), "a curve in " + path);
  for (const double point : points) {
    if (!std::isfinite(point)) damaged(path, "a curve has a point that is no number");
  }
  if (points.size() < 2) damaged(path, "a curve has no ends");
  return points;
}

}  // namespace

struct Reader::Implementation {
  explicit Implementation(const std::filesystem::path& path)
      : run(path, RunKind::kEvaluation), where(path.string()) {}

  void read_clips(VideoRows& rows, Statement& statement) const {
    statement.bind(1, rows.video.index);
    while (statement.step()) {
      ClipRow clip;
      clip.number = statement.integer(0);
      clip.offset = statement.real(1);
      const auto frames = nlohmann::json::parse(statement.text(2), nullptr, false);
      if (!frames.is_array()) damaged(where, "a clip has no list of frames");
      for (const auto& frame : frames) {
        if (!frame.is_number_integer()) damaged(where, "a clip has no list of frames");
        clip.frame_indices.push_back(frame.get<int64_t>());
      }
      clip.target = statement.integer(3);
      clip.logit = statement.real(4);
      clip.probability = statement.real(5);
      clip.predicted = statement.integer(6);
      rows.clips.push_back(std::move(clip));
    }
  }

  void read_curves(VideoRows& rows, Statement& statement) const {
    statement.bind(1, rows.video.index);
    while (statement.step()) {
      CurveRow curve{statement.text(1),
                     statement.text(2),
                     statement.text(3),
                     statement.text(4),
                     points_of(statement, 5, where),
                     points_of(statement, 6, where)};
      if (curve.logits.size() != curve.probabilities.size() ||
          (curve.first != "most" && curve.first != "least"))
        damaged(where, "a curve makes no sense");
      rows.curves.emplace_back(statement.integer(0), std::move(curve));
    }
  }

  void read_measures(VideoRows& rows, Statement& statement) const {
    statement.bind(1, rows.video.index);
    while (statement.step()) {
      const double value =
          statement.is_null(4) ? std::numeric_limits<double>::quiet_NaN() : statement.real(4);
      if (std::abs(value) > 1) damaged(where, "a measure is beyond 1");
      rows.measures.emplace_back(statement.integer(0),
                                 MeasureRow{statement.text(1), statement.text(2), statement.text(3), value});
    }
  }

  run::RunReader run;
  std::string where;
};

Reader::Reader(const std::filesystem::path& path) : implementation_(std::make_unique<Implementation>(path)) {}
Reader::~Reader() = default;

const run::Manifest& Reader::manifest() const {
  return implementation_->run.manifest();
}

RunCounts Reader::counts() {
  return implementation_->run.counts();
}

void Reader::for_each_video(const std::function<void(const VideoRows&)>& take) {
  run::Database& database = implementation_->run.database();
  Statement clips = database.prepare(
      "SELECT number, offset, frame_indices, target, logit, probability, predicted FROM evaluated_clip WHERE "
      "video = ?1 "
      "ORDER BY number");
  Statement curves = database.prepare(
      "SELECT number, method, regions, fill, first, logits, probabilities FROM curve WHERE video = ?1 "
      "ORDER BY number, method, regions, fill, first");
  Statement measures = database.prepare(
      "SELECT number, method, measure, versus, value FROM measure WHERE video = ?1 "
      "ORDER BY number, method, measure, versus");
  implementation_->run.for_each_row([&](const run::VideoRow& video) {
    VideoRows rows;
    rows.video = video;
    if (video.state == VideoState::kOk) {
      implementation_->read_clips(rows, clips);
      implementation_->read_curves(rows, curves);
      implementation_->read_measures(rows, measures);
    }
    take(rows);
  });
}

}  // namespace relevid::evaluate
