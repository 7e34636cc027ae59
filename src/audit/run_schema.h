// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "audit/database.h"
#include "audit/manifest.h"

namespace relevid::audit {

// docs/dev/run-store.md describes the tables.
inline constexpr int64_t kSchemaVersion = 1;

struct Table {
  const char* name;
  const char* columns;  ///< as in CREATE TABLE
  const char* key;      ///< its rows' order
};
/// run, condition, video, clip, prediction, profile, video_prediction.
const std::vector<Table>& tables();

/// Whether the file is new: no table, no version.
bool is_blank(Database& database);
/// Makes the tables, outside a transaction of its own.
void create_tables(Database& database);
/// Throws Error(kCorruptInput) where the file is not a run, Error(kInvalidArgument) where it is one of
/// another version of the schema.
void require_schema(Database& database);

void write_manifest(Database& database, const Manifest& manifest);
/// Throws Error(kCorruptInput) where it makes no sense.
Manifest read_manifest(Database& database);

}  // namespace relevid::audit
