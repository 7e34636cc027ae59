// SPDX-License-Identifier: Apache-2.0
#include "run/run_schema.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "relevid/error.h"

namespace relevid::run {
namespace {

using Json = nlohmann::json;

constexpr int64_t kAuditId = 0x72656c76;       // "relv"
constexpr int64_t kEvaluationId = 0x72656c65;  // "rele"
constexpr int64_t kMostFrames = 1 << 16;
constexpr const char* kPositionTable = "position";  // since version 2 of an audit's tables

int64_t single(Database& database, const char* sql) {
  Statement statement = database.prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

[[noreturn]] void damaged(const Database& database, std::string_view what) {
  throw Error(ErrorKind::kCorruptInput,
              fmt::format("{}: {}; the run is damaged", database.path().string(), what));
}

std::vector<Condition> read_conditions(Database& database) {
  std::vector<Condition> conditions;
  Statement rows =
      database.prepare("SELECT id, kind, frame_interval, shift_frames FROM condition ORDER BY id");
  while (rows.step()) {
    if (rows.integer(0) != std::ssize(conditions)) damaged(database, "conditions do not count from 0");
    try {
      conditions.push_back({parse_control(rows.text(1)), rows.integer(2), rows.integer(3)});
    } catch (const Error& error) {
      damaged(database, error.what());
    }
  }
  return conditions;
}

std::vector<std::string> read_class_names(const Database& database, const std::string& text) {
  const Json names = Json::parse(text, nullptr, false);
  std::vector<std::string> result;
  if (!names.is_array()) damaged(database, "class_names is not a list");
  for (const Json& name : names) {
    if (!name.is_string()) damaged(database, "class_names is not a list of names");
    result.push_back(name);
  }
  return result;
}

}  // namespace

namespace {

std::vector<Table> with_common_tables(std::vector<Table> further) {
  std::vector<Table> all = {
      {"run",
       "id INTEGER PRIMARY KEY CHECK (id = 0), relevid_version TEXT NOT NULL, model_sha256 TEXT NOT NULL, "
       "dataset_sha256 TEXT NOT NULL, dataset_rows INTEGER NOT NULL, class_count INTEGER NOT NULL, "
       "clip_len INTEGER NOT NULL, settings TEXT NOT NULL, class_names TEXT NOT NULL, "
       "shard_index INTEGER NOT NULL, shard_count INTEGER NOT NULL, null_profile BLOB",
       "id"},
      {"condition",
       "id INTEGER PRIMARY KEY, kind TEXT NOT NULL, frame_interval INTEGER NOT NULL, "
       "shift_frames INTEGER NOT NULL",
       "id"},
      {"video",
       "id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL, label INTEGER, "
       "fps REAL NOT NULL, frame_count INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, "
       "state TEXT NOT NULL, error_kind TEXT, error TEXT",
       "id"},
  };
  all.insert(all.end(), further.begin(), further.end());
  return all;
}

}  // namespace

const std::vector<Table>& tables(RunKind kind) {
  static const std::vector<Table> kAudit = with_common_tables({
      {"clip",
       "video INTEGER, condition INTEGER, number INTEGER, offset REAL NOT NULL, frame_indices TEXT NOT NULL, "
       "pts_seconds BLOB NOT NULL, PRIMARY KEY (video, condition, number)",
       "video, condition, number"},
      {"prediction",
       "video INTEGER, condition INTEGER, number INTEGER, target INTEGER NOT NULL, target_logit REAL, "
       "right1 INTEGER, right5 INTEGER, classes TEXT NOT NULL, PRIMARY KEY (video, condition, number)",
       "video, condition, number"},
      {"profile",
       "video INTEGER, condition INTEGER, number INTEGER, negative_share REAL NOT NULL, shares BLOB NOT "
       "NULL, "
       "PRIMARY KEY (video, condition, number)",
       "video, condition, number"},
      {kPositionTable,
       "video INTEGER, condition INTEGER, number INTEGER, start REAL NOT NULL, columns INTEGER NOT NULL, "
       "by_time BLOB NOT NULL, content BLOB NOT NULL, by_place BLOB NOT NULL, "
       "PRIMARY KEY (video, condition, number)",
       "video, condition, number"},
      {"video_prediction",
       "video INTEGER, condition INTEGER, clips INTEGER NOT NULL, predicted INTEGER NOT NULL, "
       "label_probability REAL, right1 INTEGER, right5 INTEGER, classes TEXT NOT NULL, "
       "PRIMARY KEY (video, condition)",
       "video, condition"},
  });
  static const std::vector<Table> kEvaluation = with_common_tables({
      {"evaluated_clip",
       "video INTEGER, number INTEGER, offset REAL NOT NULL, frame_indices TEXT NOT NULL, target INTEGER NOT "
       "NULL, logit REAL NOT NULL, probability REAL NOT NULL, predicted INTEGER NOT NULL, "
       "PRIMARY KEY (video, number)",
       "video, number"},
      {"curve",
       "video INTEGER, number INTEGER, method TEXT, regions TEXT, fill TEXT, first TEXT, "
       "logits BLOB NOT NULL, probabilities BLOB NOT NULL, "
       "PRIMARY KEY (video, number, method, regions, fill, first)",
       "video, number, method, regions, fill, first"},
      {"measure",
       "video INTEGER, number INTEGER, method TEXT, measure TEXT, versus TEXT, value REAL, "
       "PRIMARY KEY (video, number, method, measure, versus)",
       "video, number, method, measure, versus"},
  });
  return kind == RunKind::kAudit ? kAudit : kEvaluation;
}

bool is_blank(Database& database) {
  return single(database, "PRAGMA user_version") == 0 &&
         single(database, "SELECT count(*) FROM sqlite_schema") == 0;
}

namespace {

void create_table(Database& database, std::string_view create, const Table& table) {
  const bool composite = std::string_view(table.key).find(',') != std::string_view::npos;
  database.execute(
      fmt::format("{} {} ({}){}", create, table.name, table.columns, composite ? " WITHOUT ROWID" : ""));
}

/// What a run of version 1 lacks, for this connection alone.
void stand_in_for_positions(Database& database) {
  for (const Table& table : tables(RunKind::kAudit)) {
    if (std::string_view(table.name) == kPositionTable)
      create_table(database, "CREATE TEMP TABLE IF NOT EXISTS", table);
  }
}

}  // namespace

void create_tables(Database& database, RunKind kind) {
  for (const Table& table : tables(kind)) create_table(database, "CREATE TABLE", table);
  database.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                               kind == RunKind::kAudit ? kAuditId : kEvaluationId, version_of(kind)));
}

RunKind require_schema(Database& database) {
  const int64_t id = single(database, "PRAGMA application_id");
  if (id != kAuditId && id != kEvaluationId) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} is a database, but not a run of relevid", database.path().string()));
  }
  const RunKind kind = id == kAuditId ? RunKind::kAudit : RunKind::kEvaluation;
  const int64_t version = schema_version(database);
  if (version < oldest_version_of(kind) || version > version_of(kind)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} has version {} of the run's tables, and this relevid reads version {}; use the "
                    "relevid that wrote it, or start a new run",
                    database.path().string(), version, version_of(kind)));
  }
  if (kind == RunKind::kAudit && version < version_of(kind)) stand_in_for_positions(database);
  return kind;
}

int64_t schema_version(Database& database) {
  return single(database, "PRAGMA user_version");
}

void require_schema(Database& database, RunKind kind) {
  const RunKind there = require_schema(database);
  if (there == kind) return;
  const auto named = [](RunKind k) { return k == RunKind::kAudit ? "an audit" : "an evaluation"; };
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} is the run of {}, not of {}",
                                                       database.path().string(), named(there), named(kind)));
}

namespace {

/// An older run is read, but no video is added to it: it would have less than the others.
void require_present_version(Database& database, RunKind kind) {
  const int64_t version = schema_version(database);
  if (version == version_of(kind)) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("{} was begun by an earlier relevid, with version {} of the run's tables; it can be "
                  "read and reported. To go on, use the relevid that began it, or start a new run",
                  database.path().string(), version));
}

/// Starts a run in a blank file, and otherwise checks that it is this one.
void begin_or_check(Database& database, RunKind kind, const Manifest& manifest) {
  if (is_blank(database)) {
    Transaction transaction(database);
    create_tables(database, kind);
    write_manifest(database, manifest);
    transaction.commit();
    return;
  }
  require_schema(database, kind);
  require_present_version(database, kind);
  const Manifest there = read_manifest(database);
  auto found = differences(there, manifest);
  if (found.empty() && there.shard != manifest.shard) {
    found.push_back(
        fmt::format("shard: {} there, {} here", to_string(there.shard), to_string(manifest.shard)));
  }
  if (found.empty()) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} is another run: {}. Give another file, or the settings it was begun with",
                          database.path().string(), summary(found)));
}

}  // namespace

std::unique_ptr<Database> open_or_create(const std::filesystem::path& path, RunKind kind,
                                         const Manifest& manifest, std::chrono::milliseconds busy_timeout) {
  DatabaseOptions options;
  options.mode = DatabaseOptions::Mode::kCreate;
  options.lock = DatabaseOptions::Lock::kHeld;
  options.busy_timeout = busy_timeout;
  auto database = std::make_unique<Database>(path, options);
  begin_or_check(*database, kind, manifest);
  return database;
}

void write_manifest(Database& database, const Manifest& manifest) {
  const Json names = manifest.class_names;
  database.prepare("INSERT INTO run VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, NULL)")
      .bind(1, manifest.relevid_version)
      .bind(2, manifest.model_sha256)
      .bind(3, manifest.dataset_sha256)
      .bind(4, manifest.dataset_rows)
      .bind(5, manifest.class_count)
      .bind(6, manifest.clip_len)
      .bind(7, manifest.settings)
      .bind(8, names.dump(-1, ' ', false, Json::error_handler_t::replace))
      .bind(9, manifest.shard.index)
      .bind(10, manifest.shard.count)
      .run();
  Statement insert = database.prepare("INSERT INTO condition VALUES (?1, ?2, ?3, ?4)");
  for (int64_t id = 0; const Condition& condition : manifest.conditions) {
    insert.bind(1, id++)
        .bind(2, name(condition))
        .bind(3, condition.frame_interval)
        .bind(4, condition.shift_frames)
        .run();
  }
}

Manifest read_manifest(Database& database) {
  Statement row = database.prepare(
      "SELECT relevid_version, model_sha256, dataset_sha256, dataset_rows, class_count, clip_len, settings, "
      "class_names, shard_index, shard_count FROM run");
  if (!row.step()) damaged(database, "it has no manifest");
  Manifest manifest;
  manifest.relevid_version = row.text(0);
  manifest.model_sha256 = row.text(1);
  manifest.dataset_sha256 = row.text(2);
  manifest.dataset_rows = row.integer(3);
  manifest.class_count = row.integer(4);
  manifest.clip_len = row.integer(5);
  manifest.settings = row.text(6);
  manifest.class_names = read_class_names(database, row.text(7));
  manifest.shard = {row.integer(8), row.integer(9)};
  const Shard& shard = manifest.shard;
  if (manifest.dataset_rows < 0 || manifest.clip_len < 1 || manifest.clip_len > kMostFrames ||
      shard.count < 1 || shard.index < 0 || shard.index >= shard.count) {
    damaged(database, "its manifest holds impossible numbers");
  }
  manifest.conditions = read_conditions(database);
  return manifest;
}

}  // namespace relevid::run
