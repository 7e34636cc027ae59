// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;

std::string sha256_of(std::string_view bytes) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "file", bytes);
  return sha256_of_file(folder / "file");
}

// The vectors of FIPS 180-2, appendix B.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, OfBytesIsThatOfAFileThatHoldsThem) {
  const std::string bytes("a\0b", 3);
  EXPECT_EQ(sha256_of_bytes(bytes), sha256_of(bytes));
  EXPECT_EQ(sha256_of_bytes("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, TakesBytesPieceByPieceAndStartsAnew) {
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.hex(), sha256_of("abc"));
  EXPECT_EQ(hash.hex(), sha256_of(""));
}

TEST(Sha256, ReadsAFileLongerThanOneBlock) {
  EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_NE(sha256_of(std::string(1 << 20, 'a')), sha256_of(std::string((1 << 20) + 1, 'a')));
}

TEST(Sha256, AMissingFileOrAFolderIsAnIoError) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { sha256_of_file(folder / "absent"); }),
              HasSubstr("No such file or directory"));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { sha256_of_file(folder.path()); }),
              HasSubstr("Is a directory"));
}

}  // namespace
}  // namespace relevid
