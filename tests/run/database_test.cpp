// SPDX-License-Identifier: Apache-2.0
#include "run/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "support/scratch.h"

namespace relevid::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;

DatabaseOptions creating() {
  DatabaseOptions options;
  options.mode = DatabaseOptions::Mode::kCreate;
  options.busy_timeout = std::chrono::milliseconds(0);
  return options;
}

int64_t count(Database& database) {
  Statement rows = database.prepare("SELECT count(*) FROM t");
  rows.step();
  return rows.integer(0);
}

TEST(Database, KeepsEveryTypeToTheBit) {
  const ScratchFolder folder;
  Database database(folder / "a.db", creating());
  database.execute("CREATE TABLE t (a, b, c, d, e)");
  const std::array<std::byte, 3> blob = {std::byte{0}, std::byte{255}, std::byte{7}};
  database.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5)")
      .bind(1, std::numeric_limits<int64_t>::min())
      .bind(2, 0.1)
      .bind(3, std::string_view("a\0b", 3))
      .bind(4, std::span<const std::byte>(blob))
      .bind_null(5)
      .run();
  Statement row = database.prepare("SELECT * FROM t");
  ASSERT_TRUE(row.step());
  EXPECT_EQ(row.columns(), 5);
  EXPECT_EQ(row.type(1), Statement::Type::kReal);
  EXPECT_EQ(row.integer(0), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(row.real(1), 0.1);
  EXPECT_EQ(row.text(2), std::string("a\0b", 3));
  EXPECT_THAT(row.blob(3), ElementsAre(std::byte{0}, std::byte{255}, std::byte{7}));
  EXPECT_TRUE(row.is_null(4));
  EXPECT_FALSE(row.step());
}

TEST(Database, WhatIsNotCommittedIsRolledBack) {
  const ScratchFolder folder;
  Database database(folder / "a.db", creating());
  database.execute("CREATE TABLE t (a)");
  {
    Transaction transaction(database);
    database.execute("INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(count(database), 0);
  Transaction transaction(database);
  database.execute("INSERT INTO t VALUES (1)");
  transaction.commit();
  EXPECT_EQ(count(database), 1);
}

TEST(Database, AHeldLockKeepsOthersOut) {
  const ScratchFolder folder;
  DatabaseOptions holding = creating();
  holding.lock = DatabaseOptions::Lock::kHeld;
  const Database first(folder / "a.db", holding);
  const std::string message = message_of(ErrorKind::kIo, [&] { Database(folder / "a.db", holding); });
  EXPECT_THAT(message, HasSubstr((folder / "a.db").string()));
  EXPECT_THAT(message, HasSubstr("another process is writing it"));
}

TEST(Database, AMissingFileOrAFolderIsAnIoError) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { Database(folder / "absent.db", {}); }),
              HasSubstr("no such file"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { Database(folder.path(), {}); }), HasSubstr("folder"));
  message_of(ErrorKind::kIo, [&] { Database(folder / "absent/a.db", creating()); });
  EXPECT_TRUE(folder.names().empty());
}

TEST(Database, AFileThatIsNoDatabaseIsCorruptInput) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "a.db", std::string(5000, 'x'));
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput,
                         [&] { Database(folder / "a.db", {}).prepare("SELECT * FROM sqlite_schema").run(); }),
              HasSubstr("not a run"));
}

TEST(Database, AFullDiskIsAnIoErrorAndKeepsWhatWasThere) {
  const ScratchFolder folder;
  Database database(folder / "a.db", creating());
  database.execute("CREATE TABLE t (a)");
  {
    const testing::FullDisk disk(20'000);
    message_of(ErrorKind::kIo, [&] {
      Transaction transaction(database);
      Statement insert = database.prepare("INSERT INTO t VALUES (?1)");
      for (int i = 0; i < 100; ++i) insert.bind(1, std::string(1000, 'x')).run();
      transaction.commit();
    });
  }
  EXPECT_EQ(count(database), 0);
}

TEST(Blob, IsLittleEndianAndOfTheRightSize) {
  const auto blob = to_blob(std::vector<double>{1, -0.0});
  ASSERT_EQ(blob.size(), 16);
  EXPECT_EQ(blob[7], std::byte{0x3f});
  EXPECT_EQ(blob[6], std::byte{0xf0});
  EXPECT_EQ(blob[15], std::byte{0x80});
  EXPECT_THAT(from_blob(blob, 2, "shares"), ElementsAre(1, -0.0));
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { from_blob(blob, 3, "shares"); }),
              HasSubstr("shares has 16 bytes in place of 24"));
}

}  // namespace
}  // namespace relevid::run
