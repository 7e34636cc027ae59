// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace relevid::run {

class Statement;

struct DatabaseOptions {
  /// kScratch: a new file that is thrown away where its writing fails, so without journal and flushing.
  enum class Mode { kExisting, kCreate, kScratch } mode = Mode::kExisting;
  /// kHeld: once taken, the lock is kept until the database is closed; others get an error.
  enum class Lock { kPerTransaction, kHeld } lock = Lock::kPerTransaction;
  std::chrono::milliseconds busy_timeout{10'000};  ///< how long another process's lock is waited for
};

/// A connection to one SQLite file, owned. Movable; not thread-safe. See Note [Journal] in database.cpp.
/// Every function here and in Statement throws Error: kIo (missing, locked, read-only, a full disk),
/// kCorruptInput (not a database, damaged, tables that are not ours), kResourceLimit, kInternal.
class Database {
 public:
  Database(const std::filesystem::path& path, const DatabaseOptions& options);
  ~Database();
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;

  /// Runs statements that return nothing, separated by semicolons.
  void execute(const std::string& sql);
  Statement prepare(std::string_view sql);
  const std::filesystem::path& path() const { return path_; }

 private:
  friend class Statement;
  [[noreturn]] void fail(std::string_view doing) const;
  void configure(const DatabaseOptions& options);

  std::filesystem::path path_;
  sqlite3* connection_ = nullptr;
};

/// One prepared statement; the database must outlive it, and stay where it is. Parameters count from 1,
/// columns from 0.
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int parameter, int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, std::span<const std::byte> blob);
  Statement& bind_null(int parameter);

  /// To the next row; false after the last one, when the statement can be bound and run again.
  bool step();
  /// A statement without rows, from begin to end.
  void run();
  /// To be bound and run again from the start, whatever rows are left.
  void reset();

  enum class Type { kNull, kInteger, kReal, kText, kBlob };
  Type type(int column) const;
  int columns() const;
  bool is_null(int column) const { return type(column) == Type::kNull; }
  int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  /// Valid until the next step.
  std::span<const std::byte> blob(int column) const;

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* statement) : database_(&database), statement_(statement) {}
  void check(int result) const;

  Database* database_;
  sqlite3_stmt* statement_;
};

/// All or nothing: what is not committed is rolled back at the end of the scope.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// float64, little endian, as the run's blobs have them.
std::vector<std::byte> to_blob(std::span<const double> values);
/// Throws Error(kCorruptInput) where the size is not 8 · count; `what` names it.
std::vector<double> from_blob(std::span<const std::byte> blob, int64_t count, std::string_view what);

}  // namespace relevid::run
