// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "media.h"

namespace relevid::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ImageSequenceTest : public MediaTest {
 protected:
  /// Numbered images of the test pattern, "image1.png", "image2.png", ... in a folder of their own.
  std::filesystem::path make_images(const std::string& extension, int count,
                                    const std::string& arguments = "") {
    const auto folder = file("images");
    std::filesystem::create_directories(folder);
    make("images/image%d." + extension,
         fmt::format("{} -frames:v {} {} {} -f image2", test_pattern(75, 53, 1), count,
                     extension == "webp" ? "-c:v libwebp" : "", arguments));
    return folder;
  }
};

class ImageFormatTest : public ImageSequenceTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(ImageFormatTest, ImagesAreFramesInNaturalOrder) {
  const auto folder = make_images(GetParam(), 12);
  write_text(folder / "notes.txt", "not an image");
  write_text(folder / ".hidden.png", "not an image either");
  VideoReader reader(folder, {.image_sequence_fps = 10});
  const VideoInfo& info = reader.info();
  EXPECT_EQ(info.frame_count, 12);
  EXPECT_EQ(info.width, 75);
  EXPECT_EQ(info.height, 53);
  EXPECT_EQ(info.fps, 10);
  EXPECT_DOUBLE_EQ(info.pts_seconds[11], 1.1);
  EXPECT_EQ(info.container, "image sequence");
  for (const Frame& frame : read_frames(reader, {0, 1, 9, 11})) {
    const auto expected = ffmpeg_rgb(folder / fmt::format("image{}.{}", frame.index + 1, GetParam()));
    EXPECT_EQ(difference(expected, frame.rgb).largest, 0) << frame.index;
    EXPECT_DOUBLE_EQ(frame.pts_seconds, static_cast<double>(frame.index) / 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ImageFormatTest,
                         ::testing::Values("png", "jpg", "jpeg", "bmp", "webp", "tiff", "tif", "ppm", "PNG"),
                         [](const auto& extension) { return extension.param; });

TEST_F(ImageSequenceTest, DeepColourAndAlphaBecomeEightBitRgb) {
  for (const char* format : {"rgb48be", "rgba", "gray16be", "pal8"}) {
    const auto folder = make_images("png", 1, fmt::format("-pix_fmt {}", format));
    VideoReader reader(folder);
    EXPECT_EQ(reader.info().pixel_format, format);
    EXPECT_EQ(difference(ffmpeg_rgb(folder / "image1.png"), read_all(reader)[0].rgb).largest, 0) << format;
  }
}

TEST_F(ImageSequenceTest, AFolderWithoutImagesIsAnError) {
  std::filesystem::create_directories(file("empty"));
  expect_error(ErrorKind::kCorruptInput, AllOf(HasSubstr("holds no image"), HasSubstr(".png")),
               [&] { VideoReader reader(file("empty")); });
}

TEST_F(ImageSequenceTest, TheFirstImageOfAnotherSizeIsNamed) {
  const auto folder = make_images("png", 5);
  make("images/image4.png", test_pattern(74, 53, 1) + " -frames:v 1");
  expect_error(ErrorKind::kCorruptInput,
               AllOf(HasSubstr("image4.png is 74x53"), HasSubstr("image1.png is 75x53")),
               [&] { VideoReader reader(folder); });
}

TEST_F(ImageSequenceTest, ADamagedImageIsNamed) {
  for (const char* extension : {"png", "jpg", "bmp", "webp", "tiff", "ppm"}) {
    const auto folder = make_images(extension, 3);
    const auto damaged = folder / fmt::format("image2.{}", extension);
    std::filesystem::resize_file(damaged, std::filesystem::file_size(damaged) / 2);
    expect_error(ErrorKind::kCorruptInput, HasSubstr(damaged.string()), [&] { VideoReader reader(folder); });
    write_text(damaged, "this is text");
    expect_error(ErrorKind::kCorruptInput, HasSubstr(damaged.string()), [&] { VideoReader reader(folder); });
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace relevid::testing
