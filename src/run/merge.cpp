// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <system_error>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/run_file.h"
#include "run/database.h"
#include "run/run_reader.h"
#include "run/run_schema.h"

namespace relevid {
namespace {

using run::Database;
using run::Manifest;
using run::Statement;
using std::filesystem::path;

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorKind::kInvalidArgument, message);
}

/// The manifest that the runs share, as one machine's; their null profile.
struct Whole {
  Manifest manifest;
  std::optional<std::vector<double>> null_profile;
  RunKind kind = RunKind::kAudit;
  int64_t version = 0;  ///< of the tables
};

Whole common_manifest(std::span<const path> runs) {
  std::optional<Whole> whole;
  for (const path& run : runs) {
    const RunKind kind = run_kind(run);
    run::RunReader reader(run, whole ? whole->kind : kind);
    const int64_t version = run::schema_version(reader.database());
    if (!whole) whole = Whole{reader.manifest(), std::nullopt, kind, version};
    if (version != whole->version) {
      refuse(
          fmt::format("{} (there) and {} (here) have versions {} and {} of the run's tables; make all "
                      "shards with one relevid",
                      runs[0].string(), run.string(), whole->version, version));
    }
    const auto found = run::differences(whole->manifest, reader.manifest());
    if (!found.empty()) {
      refuse(fmt::format("{} (there) and {} (here) are of different runs: {}", runs[0].string(), run.string(),
                         run::summary(found)));
    }
    if (!whole->null_profile) whole->null_profile = reader.null_profile();
  }
  whole->manifest.shard = {};
  return std::move(*whole);
}

void write_run_row(Database& database, const Whole& whole) {
  run::write_manifest(database, whole.manifest);
  if (!whole.null_profile) return;
  const auto blob = run::to_blob(*whole.null_profile);
  database.prepare("UPDATE run SET null_profile = ?1").bind(1, std::span<const std::byte>(blob)).run();
}

/// A run attached to the one that is written, for the length of a scope.
class Attached {
 public:
  Attached(Database& database, const path& run) : database_(database) {
    database.prepare("ATTACH ?1 AS part").bind(1, run.string()).run();
  }
  ~Attached() {
    try {
      database_.execute("DETACH part");
    } catch (const Error&) {  // closed with the database
    }
  }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  Database& database_;
};

/// Whether the attached run has the table.
bool has_table(Database& database, std::string_view name) {
  Statement row = database.prepare("SELECT 1 FROM part.sqlite_schema WHERE name = ?1");
  return row.bind(1, name).step();
}

void copy_rows(Database& database, RunKind kind, const path& run) {
  const Attached attached(database, run);
  {
    Statement twice = database.prepare(
        "SELECT id, name FROM part.video WHERE id IN (SELECT id FROM main.video) ORDER BY id LIMIT 1");
    if (twice.step()) {
      refuse(fmt::format("row {} of the data set ({}) is in {} and in a run before it; give each shard once",
                         twice.integer(0), twice.text(1), run.string()));
    }
  }
  for (const run::Table& table : run::tables(kind)) {
    const std::string_view name = table.name;
    if (name == "run" || name == "condition") continue;  // the manifest's
    if (!has_table(database, name)) continue;            // a run of an older version
    database.execute(
        fmt::format("INSERT INTO main.{0} SELECT * FROM part.{0} ORDER BY {1}", name, table.key));
  }
}

void require_whole(Database& database, int64_t rows, size_t runs) {
  Statement present = database.prepare("SELECT id FROM video ORDER BY id");
  int64_t expected = 0, missing = 0, first = -1;
  const auto gap_until = [&](int64_t end) {
    if (expected < end && first < 0) first = expected;
    missing += end - expected;
  };
  while (present.step()) {
    gap_until(present.integer(0));
    expected = present.integer(0) + 1;
  }
  gap_until(rows);
  if (missing == 0) return;
  refuse(
      fmt::format("{} of {} videos are in none of the {} runs, row {} of the data set first; finish the "
                  "shards, or give --allow-partial",
                  missing, rows, runs, first));
}

void require_new(const path& out) {
  std::error_code ignored;
  if (!std::filesystem::exists(out, ignored)) return;
  refuse(fmt::format("{} is there already; remove it, or give another name", out.string()));
}

}  // namespace

RunCounts merge_runs(const path& out, std::span<const path> runs, const MergeOptions& options) {
  if (runs.empty()) refuse("no run is given that could be merged");
  require_new(out);
  const Whole whole = common_manifest(runs);
  AtomicFile file(out);
  {
    run::DatabaseOptions scratch;
    scratch.mode = run::DatabaseOptions::Mode::kScratch;
    Database database(file.temporary_path(), scratch);
    run::create_tables(database, whole.kind);
    write_run_row(database, whole);
    for (const path& run : runs) copy_rows(database, whole.kind, run);
    if (options.gaps == MergeOptions::Gaps::kRefuse)
      require_whole(database, whole.manifest.dataset_rows, runs.size());
  }
  file.commit();
  return run_counts(out);
}

}  // namespace relevid
