// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include "media.h"

namespace relevid::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Colour {
  uint8_t red, green, blue;
};

/// Four quarters of strong colours, with a white bar that moves.
std::vector<uint8_t> picture(int64_t width, int64_t height, int64_t frame) {
  constexpr Colour kQuarters[] = {{200, 30, 30}, {30, 180, 40}, {40, 50, 210}, {220, 200, 40}};
  std::vector<uint8_t> rgb;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      Colour colour = kQuarters[(y >= height / 2) * 2 + (x >= width / 2)];
      if (x / 4 == frame % (width / 4 + 1)) colour = {255, 255, 255};
      rgb.insert(rgb.end(), {colour.red, colour.green, colour.blue});
    }
  }
  return rgb;
}

std::string_view as_text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  return names;
}

/// While it lives, no file may grow beyond `size_bytes`: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size_bytes) : previous_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &previous_);
    const rlimit limit{size_bytes, previous_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &previous_);
    std::signal(SIGXFSZ, previous_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit previous_{};
  void (*previous_handler_)(int);
};

using WriterTest = MediaTest;

TEST_F(WriterTest, WhatIsWrittenIsReadBack) {
  const auto path = file("out.mp4");
  const std::vector<double> times = {0, 0.04, 0.08, 0.2, 0.21, 0.5, 0.9, 0.94, 0.98, 1.02, 1.5, 2.0};
  VideoWriter writer(path, 96, 64);
  for (size_t i = 0; i < times.size(); ++i) writer.write(picture(96, 64, static_cast<int64_t>(i)), times[i]);
  EXPECT_FALSE(std::filesystem::exists(path));
  writer.finish();
  writer.finish();

  VideoReader reader(path);
  EXPECT_EQ(reader.info().width, 96);
  EXPECT_EQ(reader.info().height, 64);
  EXPECT_EQ(reader.info().codec, "h264");
  EXPECT_EQ(reader.info().pixel_format, "yuv420p");
  EXPECT_THAT(reader.info().warnings, IsEmpty());
  ASSERT_EQ(reader.info().frame_count, std::ssize(times));
  for (const Frame& frame : read_all(reader)) {
    EXPECT_NEAR(frame.pts_seconds, times[static_cast<size_t>(frame.index)], 1e-5);
    EXPECT_LT(difference(as_text(picture(96, 64, frame.index)), frame.rgb).mean, 4) << frame.index;
  }
}

TEST_F(WriterTest, ColoursAreTaggedAndTrue) {
  const auto path = file("colours.mp4");
  VideoWriter writer(path, 96, 64, {.crf = 5});
  const auto expected = picture(96, 64, 1000 * 25 - 1);
  for (int i = 0; i < 5; ++i) writer.write(expected, i * 0.04);
  writer.finish();
  Probe probed = probe(path);
  EXPECT_EQ(probed.fields["color_space"], "bt709");
  EXPECT_EQ(probed.fields["color_primaries"], "bt709");
  EXPECT_EQ(probed.fields["color_transfer"], "bt709");
  EXPECT_EQ(probed.fields["color_range"], "tv");
  VideoReader reader(path);
  const Frame frame = read_frames(reader, {2}).at(0);
  for (const int64_t y : {16, 48}) {
    for (const int64_t x : {24, 72}) {  // in the middle of each quarter
      for (int64_t channel = 0; channel < 3; ++channel) {
        const auto at = static_cast<size_t>((y * 96 + x) * 3 + channel);
        EXPECT_NEAR(frame.rgb[at], expected[at], 3) << x << " " << y << " " << channel;
      }
    }
  }
}

TEST_F(WriterTest, TheIndexComesFirst) {
  const auto path = file("fast.mp4");
  VideoWriter writer(path, 64, 64);
  for (int i = 0; i < 10; ++i) writer.write(picture(64, 64, i), i * 0.04);
  writer.finish();
  std::ifstream stream(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  ASSERT_NE(bytes.find("moov"), std::string::npos);
  EXPECT_LT(bytes.find("moov"), bytes.find("mdat"));
}

TEST_F(WriterTest, OddSizesArePaddedByTheirEdge) {
  for (const auto& [width, height] :
       std::vector<std::pair<int64_t, int64_t>>{{75, 53}, {64, 3}, {1, 1}, {16, 17}}) {
    const auto path = file(fmt::format("odd{}x{}.mp4", width, height));
    const std::vector<uint8_t> grey(static_cast<size_t>(width * height * 3), 150);
    VideoWriter writer(path, width, height);
    for (int i = 0; i < 3; ++i) writer.write(grey, i * 0.04);
    writer.finish();
    VideoReader reader(path);
    EXPECT_EQ(reader.info().width, (width + 1) / 2 * 2);
    EXPECT_EQ(reader.info().height, (height + 1) / 2 * 2);
    for (const Frame& frame : read_all(reader)) {
      const std::string expected(frame.rgb.size(), static_cast<char>(150));
      EXPECT_LE(difference(expected, frame.rgb).largest, 3) << path;
    }
  }
}

TEST_F(WriterTest, AnUnfinishedFileLeavesNothing) {
  const auto folder = file("target");
  std::filesystem::create_directories(folder);
  {
    VideoWriter writer(folder / "out.mp4", 64, 64);
    for (int i = 0; i < 50; ++i) writer.write(picture(64, 64, i), i * 0.04);
  }
  EXPECT_THAT(names_in(folder), IsEmpty());
  {
    VideoWriter writer(folder / "out.mp4", 64, 64);
    expect_error(ErrorKind::kInvalidArgument, HasSubstr("no frame was written"), [&] { writer.finish(); });
  }
  EXPECT_THAT(names_in(folder), IsEmpty());
}

TEST_F(WriterTest, AFullDiskIsAnErrorAndLeavesNothing) {
  const auto folder = file("full");
  std::filesystem::create_directories(folder);
  std::mt19937 generator(1);
  std::vector<uint8_t> noise(128 * 128 * 3);
  for (const rlim_t limit_bytes :
       {1024, 100'000, 500'000}) {  // header, frames, moving the index to the front
    const auto write = [&] {
      const FileSizeLimit limit(limit_bytes);
      VideoWriter writer(folder / "out.mp4", 128, 128);
      for (int i = 0; i < 60; ++i) {
        for (auto& value : noise) value = static_cast<uint8_t>(generator());
        writer.write(noise, i * 0.04);
      }
      writer.finish();
    };
    expect_error(ErrorKind::kIo, HasSubstr("out.mp4: File too large"), write);
    EXPECT_THAT(names_in(folder), IsEmpty()) << limit_bytes;
  }
}

TEST_F(WriterTest, AFullDiskAtTheVeryEndIsAnError) {
  const auto write = [&](const std::filesystem::path& path) {
    VideoWriter writer(path, 64, 64);
    for (int i = 0; i < 50; ++i) writer.write(picture(64, 64, i), i * 0.04);
    writer.finish();
  };
  write(file("whole.mp4"));
  const auto size_bytes = std::filesystem::file_size(file("whole.mp4"));
  for (const rlim_t missing_bytes : {1, 100, 600}) {
    const FileSizeLimit limit(size_bytes - missing_bytes);
    expect_error(ErrorKind::kIo, HasSubstr("File too large"), [&] { write(file("cut.mp4")); });
    EXPECT_FALSE(std::filesystem::exists(file("cut.mp4")));
  }
}

TEST_F(WriterTest, BadArgumentsAreSaid) {
  const auto path = file("out.mp4");
  expect_error(ErrorKind::kIo, HasSubstr("out.mp4"),
               [&] { VideoWriter writer(file("missing/out.mp4"), 64, 64); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("0x64"), [&] { VideoWriter writer(path, 0, 64); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("20000"), [&] { VideoWriter writer(path, 20000, 64); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("crf 52"),
               [&] { VideoWriter writer(path, 64, 64, {.crf = 52}); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("at 0 frames"),
               [&] { VideoWriter writer(path, 64, 64, {.fps = 0}); });
  VideoWriter writer(path, 64, 64);
  writer.write(picture(64, 64, 0), 0.5);
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("must ascend"),
               [&] { writer.write(picture(64, 64, 0), 0.5); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("64x64"), [&] { writer.write(picture(64, 63, 0), 1); });
  writer.finish();
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("is finished"),
               [&] { writer.write(picture(64, 64, 0), 1); });
}

TEST_F(WriterTest, AnExistingFileIsReplacedOnlyAtTheEnd) {
  const auto path = file("kept.mp4");
  write_text(path, "old");
  VideoWriter writer(path, 64, 64);
  writer.write(picture(64, 64, 0), 0);
  EXPECT_EQ(std::filesystem::file_size(path), 3U);
  writer.finish();
  EXPECT_EQ(VideoReader(path).info().frame_count, 1);
}

}  // namespace
}  // namespace relevid::testing
