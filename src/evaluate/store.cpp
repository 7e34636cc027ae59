// SPDX-License-Identifier: Apache-2.0
#include "evaluate/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "run/run_schema.h"
#include "run/video_rows.h"

namespace relevid::evaluate {

using run::Database;
using run::Statement;

struct Store::Statements {
  explicit Statements(Database& database)
      : has_video(database.prepare("SELECT 1 FROM video WHERE id = ?1")),
        clip(database.prepare("INSERT INTO evaluated_clip VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
        curve(database.prepare("INSERT INTO curve VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
        measure(database.prepare("INSERT INTO measure VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
        video(run::prepare_video_insert(database)) {}
  Statement has_video, clip, curve, measure, video;
};

Store::Store(const std::filesystem::path& path, const run::Manifest& manifest,
             std::chrono::milliseconds busy_timeout)
    : database_(run::open_or_create(path, RunKind::kEvaluation, manifest, busy_timeout)),
      manifest_(manifest) {
  statements_ = std::make_unique<Statements>(*database_);
}

Store::~Store() {
  statements_.reset();  // before the database they belong to
}

bool Store::has_video(int64_t index) {
  Statement& statement = statements_->has_video.bind(1, index);
  const bool found = statement.step();
  statement.reset();
  return found;
}

Store::Entry::Entry(Store& store, int64_t index)
    : store_(&store), index_(index), transaction_(std::make_unique<run::Transaction>(*store.database_)) {}
Store::Entry::~Entry() = default;
Store::Entry::Entry(Entry&&) noexcept = default;

void Store::Entry::put(const ClipRow& row) {
  store_->statements_->clip.bind(1, index_)
      .bind(2, row.number)
      .bind(3, row.offset)
      .bind(4, fmt::format("[{}]", fmt::join(row.frame_indices, ",")))
      .bind(5, row.target)
      .bind(6, row.logit)
      .bind(7, row.probability)
      .bind(8, row.predicted)
      .run();
}

void Store::Entry::put(int64_t number, const CurveRow& row) {
  const auto logits = run::to_blob(row.logits), probabilities = run::to_blob(row.probabilities);
  store_->statements_->curve.bind(1, index_)
      .bind(2, number)
      .bind(3, row.method)
      .bind(4, row.regions)
      .bind(5, row.fill)
      .bind(6, row.first)
      .bind(7, std::span<const std::byte>(logits))
      .bind(8, std::span<const std::byte>(probabilities))
      .run();
}

void Store::Entry::put(int64_t number, const MeasureRow& row) {
  Statement& s = store_->statements_->measure;
  s.bind(1, index_).bind(2, number).bind(3, row.method).bind(4, row.measure).bind(5, row.versus);
  if (std::isnan(row.value)) {
    s.bind_null(6);
  } else {
    s.bind(6, row.value);
  }
  s.run();
}

void Store::Entry::commit(const run::VideoRow& row) {
  run::bind_video(store_->statements_->video, index_, row);
  store_->statements_->video.run();
  transaction_->commit();
}

}  // namespace relevid::evaluate
