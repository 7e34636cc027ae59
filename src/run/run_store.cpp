// SPDX-License-Identifier: Apache-2.0
#include "run/run_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "run/run_schema.h"
#include "run/video_rows.h"

namespace relevid::run {
namespace {

/// "[[3,0.5],[0,0.25]]"; numbers as short as they can be and still be the same.
std::string json(std::span<const ClassProbability> classes) {
  std::vector<std::string> pairs;
  for (const auto& [index, probability] : classes)
    pairs.push_back(fmt::format("[{},{}]", index, probability));
  return fmt::format("[{}]", fmt::join(pairs, ","));
}

void bind(Statement& statement, int parameter, const std::optional<bool>& value) {
  if (value) {
    statement.bind(parameter, static_cast<int64_t>(*value));
  } else {
    statement.bind_null(parameter);
  }
}

/// Into a statement whose key is bound.
void put_position(Statement& statement, const PositionFinding& position) {
  const auto by_time = to_blob(position.by_time), content = to_blob(position.content),
             by_place = to_blob(position.by_place);
  statement.bind(4, position.start)
      .bind(5, position.columns)
      .bind(6, std::span<const std::byte>(by_time))
      .bind(7, std::span<const std::byte>(content))
      .bind(8, std::span<const std::byte>(by_place))
      .run();
}

}  // namespace

struct RunStore::Statements {
  explicit Statements(Database& database)
      : has_video(database.prepare("SELECT 1 FROM video WHERE id = ?1")),
        clip(database.prepare("INSERT INTO clip VALUES (?1, ?2, ?3, ?4, ?5, ?6)")),
        prediction(database.prepare("INSERT INTO prediction VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
        profile(database.prepare("INSERT INTO profile VALUES (?1, ?2, ?3, ?4, ?5)")),
        position(database.prepare("INSERT INTO position VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
        video_prediction(
            database.prepare("INSERT INTO video_prediction VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")),
        video(prepare_video_insert(database)) {}
  Statement has_video, clip, prediction, profile, position, video_prediction, video;
};

RunStore::RunStore(const std::filesystem::path& path, const Manifest& manifest,
                   std::chrono::milliseconds busy_timeout)
    : database_(open_or_create(path, RunKind::kAudit, manifest, busy_timeout)), manifest_(manifest) {
  statements_ = std::make_unique<Statements>(*database_);
}

RunStore::RunStore(RunStore&&) noexcept = default;

RunStore::~RunStore() {
  statements_.reset();  // before the database they belong to
}

bool RunStore::has_video(int64_t index) {
  Statement& statement = statements_->has_video.bind(1, index);
  const bool found = statement.step();
  statement.reset();
  return found;
}

std::optional<std::vector<double>> RunStore::null_profile() {
  Statement row = database_->prepare("SELECT null_profile FROM run");
  if (!row.step() || row.is_null(0)) return std::nullopt;
  return from_blob(row.blob(0), manifest_.clip_len, "the null profile of " + database_->path().string());
}

void RunStore::put_null_profile(std::span<const double> shares) {
  const auto blob = to_blob(shares);
  Transaction transaction(*database_);
  database_->prepare("UPDATE run SET null_profile = ?1").bind(1, std::span<const std::byte>(blob)).run();
  transaction.commit();
}

RunStore::Entry::Entry(RunStore& store, int64_t index)
    : store_(&store), index_(index), transaction_(std::make_unique<Transaction>(*store.database_)) {}
RunStore::Entry::~Entry() = default;
RunStore::Entry::Entry(Entry&&) noexcept = default;

void RunStore::Entry::put(const ClipRow& row) {
  Statements& s = *store_->statements_;
  const auto times = to_blob(row.pts_seconds), shares = to_blob(row.shares);
  const auto key = [&](Statement& statement) -> Statement& {
    return statement.bind(1, index_).bind(2, row.condition).bind(3, row.number);
  };
  key(s.clip)
      .bind(4, row.offset)
      .bind(5, fmt::format("[{}]", fmt::join(row.frame_indices, ",")))
      .bind(6, std::span<const std::byte>(times))
      .run();
  key(s.prediction).bind(4, row.target).bind(5, row.target_logit).bind(8, json(row.classes));
  bind(s.prediction, 6, row.right1);
  bind(s.prediction, 7, row.right5);
  s.prediction.run();
  key(s.profile).bind(4, row.negative_share).bind(5, std::span<const std::byte>(shares)).run();
  if (row.position) put_position(key(s.position), *row.position);
}

void RunStore::Entry::put(const VideoPredictionRow& row) {
  Statement& s = store_->statements_->video_prediction;
  s.bind(1, index_)
      .bind(2, row.condition)
      .bind(3, row.clips)
      .bind(4, row.predicted)
      .bind(8, json(row.classes));
  if (row.label_probability) {
    s.bind(5, *row.label_probability);
  } else {
    s.bind_null(5);
  }
  bind(s, 6, row.right1);
  bind(s, 7, row.right5);
  s.run();
}

void RunStore::Entry::commit(const VideoRow& row) {
  bind_video(store_->statements_->video, index_, row);
  store_->statements_->video.run();
  transaction_->commit();
}

}  // namespace relevid::run
