// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;
using testing::ScratchFolder;

TEST(AtomicFile, AppearsOnlyAtCommit) {
  const ScratchFolder folder;
  AtomicFile file(folder / "clip.npz");
  testing::write_bytes(file.temporary_path(), "whole");
  EXPECT_FALSE(std::filesystem::exists(folder / "clip.npz"));
  file.commit();
  EXPECT_EQ(read_file(folder / "clip.npz"), "whole");
  EXPECT_THAT(folder.names(), ElementsAre("clip.npz"));
}

TEST(AtomicFile, LeavesNothingBehindWithoutCommit) {
  const ScratchFolder folder;
  { const AtomicFile file(folder / "clip.npz"); }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(AtomicFile, KeepsTheOldFileUntilCommit) {
  const ScratchFolder folder;
  testing::write_bytes(folder / "clip.npz", "old");
  {
    const AtomicFile abandoned(folder / "clip.npz");
    testing::write_bytes(abandoned.temporary_path(), "new");
  }
  EXPECT_EQ(read_file(folder / "clip.npz"), "old");
  write_file_atomically(folder / "clip.npz", "new");
  EXPECT_EQ(read_file(folder / "clip.npz"), "new");
}

TEST(AtomicFile, KeepsTheExtensionInTheSameFolder) {
  const ScratchFolder folder;
  const AtomicFile file(folder / "overlay.mp4");
  EXPECT_EQ(file.temporary_path().extension(), ".mp4");
  EXPECT_EQ(file.temporary_path().parent_path(), folder.path());
}

TEST(AtomicFile, TwoWritersOfOneFileDoNotShareATemporary) {
  const ScratchFolder folder;
  AtomicFile first(folder / "run.json");
  AtomicFile second(folder / "run.json");
  EXPECT_NE(first.temporary_path(), second.temporary_path());
  testing::write_bytes(first.temporary_path(), "first");
  testing::write_bytes(second.temporary_path(), "second");
  second.commit();
  first.commit();
  EXPECT_EQ(read_file(folder / "run.json"), "first");
  EXPECT_THAT(folder.names(), ElementsAre("run.json"));
}

TEST(AtomicFile, AMissingFolderIsAnIoErrorThatNamesTheFile) {
  const ScratchFolder folder;
  const auto path = folder / "absent/clip.npz";
  const std::string message = message_of(ErrorKind::kIo, [&] { AtomicFile{path}; });
  EXPECT_THAT(message, HasSubstr(path.string()));
  EXPECT_THAT(message, HasSubstr("No such file or directory"));
}

TEST(AtomicFile, AnUnwritableFolderIsAnIoError) {
  if (::geteuid() == 0) {
    // Permissions do not bind root; what the kernel itself keeps read-only does.
    message_of(ErrorKind::kIo, [] { AtomicFile{"/proc/clip.npz"}; });
    return;
  }
  const ScratchFolder folder;
  std::filesystem::permissions(folder.path(),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { AtomicFile{folder / "clip.npz"}; }),
              HasSubstr("Permission denied"));
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST(AtomicFile, AFolderInThePlaceOfTheFileIsAnIoError) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "clip.npz");
  const std::string message =
      message_of(ErrorKind::kIo, [&] { write_file_atomically(folder / "clip.npz", "content"); });
  EXPECT_THAT(message, HasSubstr((folder / "clip.npz").string()));
  EXPECT_THAT(folder.names(), ElementsAre("clip.npz"));
}

TEST(AtomicFile, AFullDiskIsAnIoErrorAndLeavesNothingBehind) {
  const ScratchFolder folder;
  {
    const testing::FullDisk disk(4096);
    const std::string message = message_of(
        ErrorKind::kIo, [&] { write_file_atomically(folder / "big.json", std::string(10'000, 'x')); });
    EXPECT_THAT(message, HasSubstr((folder / "big.json").string()));
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(ReadFile, ReturnsEveryByte) {
  const ScratchFolder folder;
  std::string bytes(200'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  testing::write_bytes(folder / "bytes", bytes);
  EXPECT_EQ(read_file(folder / "bytes"), bytes);
  testing::write_bytes(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty"), "");
}

TEST(ReadFile, AMissingFileOrAFolderIsAnIoError) {
  const ScratchFolder folder;
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_file(folder / "absent"); }),
              HasSubstr((folder / "absent").string()));
  EXPECT_THAT(message_of(ErrorKind::kIo, [&] { read_file(folder.path()); }), HasSubstr("Is a directory"));
}

TEST(ReadFile, AFileLargerThanMemoryIsAResourceLimit) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer ends the process where an allocation fails";
#endif
  const ScratchFolder folder;
  testing::write_bytes(folder / "sparse", "");
  constexpr uintmax_t kTebibyte = uintmax_t{1} << 40;
  std::error_code unsupported;
  std::filesystem::resize_file(folder / "sparse", kTebibyte, unsupported);
  if (unsupported)
    GTEST_SKIP() << "this file system holds no sparse file of 1 TiB: " << unsupported.message();
  const testing::ResourceLimit memory(RLIMIT_AS, rlim_t{4} << 30);
  EXPECT_THAT(message_of(ErrorKind::kResourceLimit, [&] { read_file(folder / "sparse"); }),
              HasSubstr("too large"));
}

}  // namespace
}  // namespace relevid
