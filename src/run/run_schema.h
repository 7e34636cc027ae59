// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "run/database.h"
#include "run/manifest.h"

namespace relevid::run {

// docs/dev/run-store.md describes the tables. Both kinds of runs count their versions from 1, each its own.
constexpr int64_t version_of(RunKind) {
  return 2;
}
/// The oldest that is read: an audit's version 1 has no table `position`, which then counts as empty.
constexpr int64_t oldest_version_of(RunKind kind) {
  return kind == RunKind::kAudit ? 1 : 2;
}

struct Table {
  const char* name;
  const char* columns;  ///< as in CREATE TABLE
  const char* key;      ///< its rows' order
};
/// run, condition and video; then of an audit clip, prediction, profile, position and video_prediction, of an
/// evaluation evaluated_clip, curve and measure.
const std::vector<Table>& tables(RunKind kind);

/// Whether the file is new: no table, no version.
bool is_blank(Database& database);
/// Makes the tables, outside a transaction of its own.
void create_tables(Database& database, RunKind kind);
/// Which kind of run it is. Throws Error(kCorruptInput) where the file is not a run, Error(kInvalidArgument)
/// where it is one of a version of the schema that is not read. Of an older version it makes the tables that
/// the file lacks, empty and for this connection alone, so that all that reads finds them.
RunKind require_schema(Database& database);
/// The same, and Error(kInvalidArgument) where it is of the other kind.
void require_schema(Database& database, RunKind kind);
/// The file's version of the tables.
int64_t schema_version(Database& database);

/// Opens the file of a run for this process alone to write. Starts a run in a blank file, and otherwise
/// checks that the one there is of this kind and has the same manifest and shard; Error(kInvalidArgument)
/// naming the differences where not.
std::unique_ptr<Database> open_or_create(const std::filesystem::path& path, RunKind kind,
                                         const Manifest& manifest, std::chrono::milliseconds busy_timeout);

void write_manifest(Database& database, const Manifest& manifest);
/// Throws Error(kCorruptInput) where it makes no sense.
Manifest read_manifest(Database& database);

}  // namespace relevid::run
