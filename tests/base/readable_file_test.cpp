// SPDX-License-Identifier: Apache-2.0
#include "base/readable_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;

std::string part(const ReadableFile& file, uint64_t offset, size_t length) {
  std::string bytes(length, '?');
  file.read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

TEST(ReadableFile, GivesAnyPartInAnyOrder) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "file", "relevance");
  const ReadableFile file(folder / "file");
  EXPECT_EQ(file.size_bytes(), 9U);
  EXPECT_EQ(part(file, 3, 3), "eva");
  EXPECT_EQ(part(file, 0, 9), "relevance");
  EXPECT_EQ(part(file, 9, 0), "");
}

TEST(ReadableFile, TellsWhereAFileEndsTooEarly) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "file", "relevance");
  const ReadableFile file(folder / "file");
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { part(file, 5, 7); }),
              HasSubstr("truncated: 3 more bytes are needed at byte 9"));
}

TEST(ReadableFile, RefusesWhatIsNoFile) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { ReadableFile missing(folder / "missing"); }),
              HasSubstr("No such file"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { ReadableFile is_folder(folder.path()); }),
              HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace relevid
