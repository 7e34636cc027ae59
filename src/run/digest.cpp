// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstddef>

#include "base/hash.h"
#include "relevid/run_file.h"
#include "run/database.h"
#include "run/run_schema.h"

namespace relevid {
namespace {

using run::Statement;

void add(Sha256& hash, uint64_t value) {
  std::array<std::byte, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i));
  hash.update(bytes);
}

/// Its type, then its value, with its length where that can differ: no two rows give the same bytes.
void add_value(Sha256& hash, const Statement& row, int column) {
  const Statement::Type type = row.type(column);
  add(hash, static_cast<uint64_t>(type));
  switch (type) {
    case Statement::Type::kNull:
      break;
    case Statement::Type::kInteger:
      add(hash, static_cast<uint64_t>(row.integer(column)));
      break;
    case Statement::Type::kReal:
      add(hash, std::bit_cast<uint64_t>(row.real(column)));
      break;
    case Statement::Type::kText:
      add(hash, row.text(column).size());
      hash.update(row.text(column));
      break;
    case Statement::Type::kBlob:
      add(hash, row.blob(column).size());
      hash.update(row.blob(column));
      break;
  }
}

}  // namespace

RunKind run_kind(const std::filesystem::path& run) {
  run::Database database(run, {});
  return run::require_schema(database);
}

std::string content_digest(const std::filesystem::path& run) {
  run::Database database(run, {});
  const RunKind kind = run::require_schema(database);
  Sha256 hash;
  for (const run::Table& table : run::tables(kind)) {
    hash.update(table.name);
    Statement rows = database.prepare(fmt::format("SELECT * FROM {} ORDER BY {}", table.name, table.key));
    while (rows.step()) {
      for (int column = 0; column < rows.columns(); ++column) add_value(hash, rows, column);
    }
  }
  return hash.hex();
}

}  // namespace relevid
