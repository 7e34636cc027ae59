// SPDX-License-Identifier: Apache-2.0
#include "run/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <bit>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/input_guard.h"
#include "relevid/error.h"

namespace relevid::run {
namespace {

// Note [Journal]
// A rollback journal with synchronous=FULL, not write-ahead logging. A log needs memory shared between
// processes, which network file systems of clusters do not have. With the journal a process killed at any
// instruction leaves the file and the journal from which the next one to open it rolls the unfinished
// transaction back; with FULL the order of writes survives a power cut as well. The price is a few flushes a
// transaction, and there is one a video.

ErrorKind kind_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our statements are fixed: what does not fit them is the file
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
      return ErrorKind::kCorruptInput;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorKind::kResourceLimit;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
      return ErrorKind::kIo;
    default:
      return ErrorKind::kInternal;
  }
}

std::string advice(int result) {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another process is writing it: wait for that one, or give another file";
    case SQLITE_NOTADB:
    case SQLITE_ERROR:
      return "; it is not a run of relevid";
    case SQLITE_CORRUPT:
      return "; the file is damaged";
    default:
      return "";
  }
}

}  // namespace

void Database::fail(std::string_view doing) const {
  const int result = connection_ ? sqlite3_extended_errcode(connection_) : SQLITE_NOMEM;
  const int system = connection_ ? sqlite3_system_errno(connection_) : 0;
  std::string why = connection_ ? sqlite3_errmsg(connection_) : sqlite3_errstr(result);
  if (kind_of(result) == ErrorKind::kIo && system != 0)
    why += fmt::format(" ({})", std::generic_category().message(system));
  throw Error(kind_of(result), fmt::format("{} {}: {}{}", doing, path_.string(), why, advice(result)));
}

Database::Database(const std::filesystem::path& path, const DatabaseOptions& options) : path_(path) {
  const bool existing = options.mode == DatabaseOptions::Mode::kExisting;
  if (existing) note_input(path, "a run");
  if (options.mode == DatabaseOptions::Mode::kCreate) require_no_input(path);
  std::error_code error;
  if (existing && !std::filesystem::is_regular_file(path, error)) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot open {}: {}", path.string(),
                            std::filesystem::is_directory(path, error) ? "it is a folder" : "no such file"));
  }
  const int flags = SQLITE_OPEN_READWRITE | (existing ? 0 : SQLITE_OPEN_CREATE) | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &connection_, flags, nullptr) == SQLITE_OK) {
    try {
      configure(options);
    } catch (...) {
      sqlite3_close(std::exchange(connection_, nullptr));
      throw;
    }
    return;
  }
  try {
    fail("cannot open");
  } catch (...) {
    sqlite3_close(std::exchange(connection_, nullptr));
    throw;
  }
}

void Database::configure(const DatabaseOptions& options) {
  sqlite3_extended_result_codes(connection_, 1);
  sqlite3_busy_timeout(connection_, static_cast<int>(options.busy_timeout.count()));
  // A file may come from anywhere; it brings no code of its own.
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (options.mode == DatabaseOptions::Mode::kScratch) {
    execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    return;
  }
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  execute("PRAGMA synchronous = FULL");
  if (options.lock == DatabaseOptions::Lock::kHeld) {
    execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT");
  }
}

Database::~Database() {
  if (connection_) sqlite3_close_v2(connection_);
}

Database::Database(Database&& other) noexcept
    : path_(std::move(other.path_)), connection_(std::exchange(other.connection_, nullptr)) {}

void Database::execute(const std::string& sql) {
  if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail("cannot use");
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr) !=
      SQLITE_OK) {
    fail("cannot use");
  }
  return {*this, statement};
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::check(int result) const {
  if (result != SQLITE_OK) database_->fail("cannot use");
}

Statement& Statement::bind(int parameter, int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  check(sqlite3_bind_double(statement_, parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  check(sqlite3_bind_text64(statement_, parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int parameter, std::span<const std::byte> blob) {
  check(sqlite3_bind_blob64(statement_, parameter, blob.data(), blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  check(sqlite3_bind_null(statement_, parameter));
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) {
    try {
      database_->fail(sqlite3_stmt_readonly(statement_) ? "cannot read" : "cannot write");
    } catch (...) {
      reset();
      throw;
    }
  }
  reset();
  return false;
}

void Statement::run() {
  while (step()) continue;
}

void Statement::reset() {
  sqlite3_reset(statement_);  // returns the last step's error again, which was thrown
}

Statement::Type Statement::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return Type::kInteger;
    case SQLITE_FLOAT:
      return Type::kReal;
    case SQLITE_TEXT:
      return Type::kText;
    case SQLITE_BLOB:
      return Type::kBlob;
    default:
      return Type::kNull;
  }
}

int Statement::columns() const {
  return sqlite3_column_count(statement_);
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!text) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
  return {bytes, bytes ? static_cast<size_t>(sqlite3_column_bytes(statement_, column)) : 0};
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {  // SQLite has rolled back by itself, as it does when a disk is full
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

std::vector<std::byte> to_blob(std::span<const double> values) {
  std::vector<std::byte> blob;
  blob.reserve(values.size() * 8);
  for (const double value : values) {
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) blob.push_back(static_cast<std::byte>(bits >> shift));
  }
  return blob;
}

std::vector<double> from_blob(std::span<const std::byte> blob, int64_t count, std::string_view what) {
  if (static_cast<int64_t>(blob.size()) != 8 * count) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} has {} bytes in place of {}", what, blob.size(), 8 * count));
  }
  std::vector<double> values;
  for (size_t i = 0; i < blob.size(); i += 8) {
    uint64_t bits = 0;
    for (size_t k = 0; k < 8; ++k) bits |= std::to_integer<uint64_t>(blob[i + k]) << (8 * k);
    values.push_back(std::bit_cast<double>(bits));
  }
  return values;
}

}  // namespace relevid::run
