// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "media.h"

namespace relevid::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A whole video and how it is made; its first part must be read as far as it goes.
struct Container {
  std::string name;
  std::string arguments;
};

std::ostream& operator<<(std::ostream& stream, const Container& container) {
  return stream << container.name;
}

class TruncatedTest : public MediaTest, public ::testing::WithParamInterface<Container> {};

TEST_P(TruncatedTest, WhatDecodesIsUsedAndTheEndIsSaid) {
  const auto whole = make("whole." + GetParam().name, test_pattern(96, 64, 2) + GetParam().arguments);
  const auto cut = file("cut." + GetParam().name);
  truncate_copy(whole, cut, 0.6);
  VideoReader reader(cut);
  const VideoInfo& info = reader.info();
  EXPECT_GT(info.frame_count, 5);
  EXPECT_LT(info.frame_count, 50);
  EXPECT_EQ(std::to_string(info.frame_count), probe(cut).fields["nb_read_frames"]);
  EXPECT_THAT(info.warnings,
              Contains(HasSubstr(fmt::format("decoding stopped at frame {}: ", info.frame_count))));
  EXPECT_EQ(static_cast<int64_t>(read_all(reader).size()), info.frame_count);
}

INSTANTIATE_TEST_SUITE_P(Containers, TruncatedTest,
                         ::testing::Values(Container{"mp4",
                                                     " -c:v libx264 -pix_fmt yuv420p -movflags +faststart"},
                                           Container{"avi", " -c:v mpeg4"}, Container{"gif", ""},
                                           Container{"mkv", " -c:v libx264 -pix_fmt yuv420p"},
                                           Container{"webm", " -c:v libvpx -cpu-used 8"}),
                         [](const auto& container) { return container.param.name; });

using DamageTest = MediaTest;

void overwrite(const std::filesystem::path& path, std::streamoff at, std::string_view bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(at);
  file << bytes;
}

TEST_F(DamageTest, DamageInTheMiddleIsPassedOverAndSaid) {
  const auto path = make("damaged.mp4", test_pattern(96, 64, 2) + " -c:v libx264 -pix_fmt yuv420p");
  std::string garbage;
  for (int i = 0; i < 400; ++i) garbage += static_cast<char>(i * 37);
  overwrite(path, static_cast<std::streamoff>(std::filesystem::file_size(path) / 2), garbage);
  VideoReader reader(path, {.threads = 1});
  EXPECT_EQ(std::to_string(reader.info().frame_count), probe(path).fields["nb_read_frames"]);
  EXPECT_THAT(reader.info().warnings,
              Contains(ContainsRegex("damage passed over: .* the first at frame [0-9]+: ")));
  EXPECT_EQ(static_cast<int64_t>(read_all(reader).size()), reader.info().frame_count);
}

TEST_F(DamageTest, AnIndexThatIsCutOffIsNoVideo) {
  const auto whole = make("whole.mp4", test_pattern(96, 64, 1) + " -c:v libx264 -pix_fmt yuv420p");
  const auto cut = file("cut.mp4");
  truncate_copy(whole, cut, 0.5);
  expect_error(ErrorKind::kCorruptInput, AllOf(HasSubstr(cut.string()), HasSubstr("as a video")),
               [&] { VideoReader reader(cut); });
}

TEST_F(DamageTest, WhatIsNoVideoIsAnError) {
  write_text(file("zero.mp4"), "");
  write_text(file("text.mp4"), "Dear reader,\nthis is a letter, not a video.\n");
  const auto sound = make("sound.mp4", "-f lavfi -i sine=duration=1");
  expect_error(ErrorKind::kIo, HasSubstr("missing.mp4"), [&] { VideoReader reader(file("missing.mp4")); });
  expect_error(ErrorKind::kIo, HasSubstr("not a regular file"), [&] { VideoReader reader("/dev/zero"); });
  expect_error(ErrorKind::kCorruptInput, HasSubstr("is empty (0 bytes)"),
               [&] { VideoReader reader(file("zero.mp4")); });
  expect_error(ErrorKind::kCorruptInput, HasSubstr("as a video"),
               [&] { VideoReader reader(file("text.mp4")); });
  expect_error(ErrorKind::kCorruptInput, HasSubstr("has no video stream"),
               [&] { VideoReader reader(sound); });
}

TEST_F(DamageTest, PlaylistsNeverOpenOtherFiles) {
  make("target.ts", test_pattern(96, 64, 0.4) + " -c:v mpeg4");
  write_text(file("concat.mp4"), "ffconcat version 1.0\nfile target.ts\n");
  write_text(file("list.m3u8"),
             "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ntarget.ts\n#EXT-X-ENDLIST\n");
  for (const char* name : {"concat.mp4", "list.m3u8"}) {
    expect_error(ErrorKind::kCorruptInput, HasSubstr("a playlist"), [&] { VideoReader reader(file(name)); });
  }
}

TEST_F(DamageTest, FileNamesAreNamesAndNothingElse) {
  for (const char* name : {"a:b.mp4", "frame%03d.mp4", "with space*?.mp4"}) {
    const auto made = make("plain.mp4", test_pattern(96, 64, 0.2) + " -c:v libx264 -pix_fmt yuv420p");
    std::filesystem::rename(made, file(name));
    EXPECT_EQ(VideoReader(file(name)).info().frame_count, 5) << name;
  }
}

TEST_F(DamageTest, AbsurdSizesAreRefused) {
  using namespace std::string_view_literals;
  const auto raw = make("huge.avi", test_pattern(96, 64, 0.2) + " -c:v rawvideo -pix_fmt bgr24");
  const std::string bytes = (std::ostringstream() << std::ifstream(raw, std::ios::binary).rdbuf()).str();
  const auto header = bytes.find("strf");  // then a length, a BITMAPINFOHEADER's own length, width and height
  ASSERT_NE(header, std::string::npos);
  overwrite(raw, static_cast<std::streamoff>(header + 12), "\x00\xF0\x00\x00\x00\xF0\x00\x00"sv);
  expect_error(ErrorKind::kResourceLimit, HasSubstr("61440x61440"), [&] { VideoReader reader(raw); });

  const auto gif = make("huge.gif", test_pattern(96, 64, 0.2));
  overwrite(gif, 6, "\x00\xF0\x00\xF0"sv);  // the logical screen's width and height
  expect_error(ErrorKind::kResourceLimit, HasSubstr("61440x61440"), [&] { VideoReader reader(gif); });
}

TEST_F(DamageTest, NothingIsPrinted) {
  const auto whole = make("whole.avi", test_pattern(96, 64, 1) + " -c:v mpeg4");
  const auto cut = file("cut.avi");
  truncate_copy(whole, cut, 0.5);
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  VideoReader reader(cut);
  read_all(reader);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), IsEmpty());
}

TEST_F(DamageTest, AFileThatChangesBetweenReadsIsAnError) {
  const auto path = make("changing.avi", test_pattern(96, 64, 1) + " -c:v mpeg4");
  VideoReader reader(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  expect_error(ErrorKind::kIo, HasSubstr("has the file changed"), [&] { read_all(reader); });
}

}  // namespace
}  // namespace relevid::testing
