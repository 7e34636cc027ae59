// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "media.h"

namespace relevid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// One way of making a video; the reader must agree with ffprobe and ffmpeg about it.
struct Sample {
  std::string name;
  std::string arguments;
  int largest_difference = 0;  ///< of a colour value, from the ffmpeg program's
};

std::ostream& operator<<(std::ostream& stream, const Sample& sample) {
  return stream << sample.name;
}

const std::string kEven = test_pattern(96, 64, 1.2);
const std::string kOdd = test_pattern(75, 53, 0.6);
const std::string kVariableRate = "-vf \"select='not(between(n,5,11))+eq(n,8)'\" -vsync vfr";

std::vector<Sample> samples() {
  return {
      {"b_frames.mp4", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3 -b_strategy 0"},
      {"open_gop.mkv",
       kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 8 -x264-params open-gop=1"},
      {"interlaced.ts", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p -flags +ildct+ilme"},
      {"bt709.mp4", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p -colorspace bt709"},
      {"full_range.mp4", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuvj420p -color_range pc"},
      {"h264_10bit.mp4", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p10le"},
      {"h264_444.mp4", kOdd + " -c:v libx264 -preset veryfast -pix_fmt yuv444p"},
      {"hevc.mp4", kEven + " -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p"},
      {"hevc_10bit.mkv",
       kEven + " -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p10le"},
      {"vp9.webm", kEven + " -c:v libvpx-vp9 -cpu-used 8 -deadline realtime -pix_fmt yuv420p"},
      {"vp9_hidden.webm",
       kEven + " -c:v libvpx-vp9 -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 16 -pix_fmt yuv420p"},
      {"vp8_hidden.webm", kEven + " -c:v libvpx -cpu-used 5 -auto-alt-ref 1 -lag-in-frames 16"},
      {"vp8_alpha.webm", kEven + " -c:v libvpx -cpu-used 5 -auto-alt-ref 0 -pix_fmt yuva420p"},
      {"mpeg4.avi", kEven + " -c:v mpeg4 -bf 2"},
      {"gaps.avi", kEven + " " + kVariableRate + " -c:v mpeg4"},
      {"variable_rate.mp4", kEven + " " + kVariableRate + " -c:v libx264 -preset veryfast -pix_fmt yuv420p"},
      {"animation.gif", kOdd},
      {"alpha.mov", kOdd + " -vf format=rgba,colorchannelmixer=aa=0.5 -c:v qtrle"},
      {"odd.mkv", kOdd + " -c:v ffv1 -pix_fmt yuv420p"},
      {"grey.mkv", kOdd + " -c:v ffv1 -pix_fmt gray"},
      {"one_frame.mp4", kEven + " -frames:v 1 -c:v libx264 -preset veryfast -pix_fmt yuv420p"},
      {"raw.h264", kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 2"},
      {"with_sound.mp4",
       "-f lavfi -i sine=duration=1.2 " + kEven + " -c:v libx264 -preset veryfast -pix_fmt yuv420p"},
  };
}

void expect_pixels(VideoReader& reader, const std::filesystem::path& path, int largest_difference) {
  const VideoInfo& info = reader.info();
  const std::string expected = ffmpeg_rgb(path);
  const auto size_bytes = static_cast<size_t>(info.width * info.height * 3);
  const std::vector<Frame> frames = read_all(reader);
  ASSERT_EQ(expected.size(), size_bytes * frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].index, static_cast<int64_t>(i));
    EXPECT_EQ(frames[i].pts_seconds, info.pts_seconds[i]);
    const auto found =
        difference(std::string_view(expected).substr(i * size_bytes, size_bytes), frames[i].rgb);
    EXPECT_LE(found.largest, largest_difference) << "frame " << i;
  }
}

class ReaderTest : public MediaTest, public ::testing::WithParamInterface<Sample> {};

TEST_P(ReaderTest, AgreesWithFfmpeg) {
  const auto path = make(GetParam().name, GetParam().arguments);
  VideoReader reader(path, {.threads = 2});
  const VideoInfo& info = reader.info();
  Probe probed = probe(path);
  EXPECT_EQ(std::to_string(info.frame_count), probed.fields["nb_read_frames"]);
  EXPECT_EQ(std::to_string(info.width), probed.fields["width"]);
  EXPECT_EQ(std::to_string(info.height), probed.fields["height"]);
  EXPECT_EQ(info.codec, probed.fields["codec_name"]);
  EXPECT_EQ(info.pixel_format, probed.fields["pix_fmt"]);
  EXPECT_THAT(info.warnings, IsEmpty());
  expect_times(reader, probed);
  expect_pixels(reader, path, GetParam().largest_difference);
}

INSTANTIATE_TEST_SUITE_P(Samples, ReaderTest, ::testing::ValuesIn(samples()), [](const auto& sample) {
  std::string name = sample.param.name;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

/// What ffmpeg is told, and the clockwise turn that the file then asks for.
struct Turn {
  int rotate_tag;
  int clockwise_degrees;
};

class RotationTest : public MediaTest, public ::testing::WithParamInterface<Turn> {};

TEST_P(RotationTest, TurnsFramesAsFfmpegDoes) {
  const auto upright = make("upright.mp4", test_pattern(96, 62, 0.2) + " -c:v libx264 -pix_fmt yuv420p");
  const auto path = make("turned.mp4", fmt::format("-i '{}' -c copy -metadata:s:v rotate={}",
                                                   upright.string(), GetParam().rotate_tag));
  VideoReader reader(path);
  EXPECT_EQ(reader.info().rotation_degrees, GetParam().clockwise_degrees);
  const bool upended = GetParam().clockwise_degrees % 180 != 0;
  EXPECT_EQ(reader.info().width, upended ? 62 : 96);
  EXPECT_EQ(reader.info().height, upended ? 96 : 62);
  expect_pixels(reader, path, 0);
}

// ffmpeg 5.1 writes its rotate tag as a counterclockwise turn.
INSTANTIATE_TEST_SUITE_P(QuarterTurns, RotationTest,
                         ::testing::Values(Turn{0, 0}, Turn{90, 270}, Turn{180, 180}, Turn{270, 90}));

using ReaderDetailTest = MediaTest;

TEST_F(ReaderDetailTest, OtherAnglesAreNotAppliedAndSaid) {
  const auto upright = make("upright.mp4", test_pattern(96, 64, 0.2) + " -c:v libx264 -pix_fmt yuv420p");
  const auto path =
      make("tilted.mp4", fmt::format("-i '{}' -c copy -metadata:s:v rotate=30", upright.string()));
  VideoReader reader(path);
  EXPECT_EQ(reader.info().rotation_degrees, 0);
  EXPECT_EQ(reader.info().width, 96);
  EXPECT_THAT(reader.info().warnings, ElementsAre(HasSubstr("display matrix")));
}

TEST_F(ReaderDetailTest, SparseReadingGivesTheSameFramesAndCanBeRepeated) {
  const auto path = make("b.mp4", test_pattern(96, 64, 2) + " -c:v libx264 -pix_fmt yuv420p -bf 3");
  VideoReader reader(path);
  const std::vector<Frame> all = read_all(reader);
  for (int round = 0; round < 2; ++round) {
    const std::vector<Frame> sparse = read_frames(reader, {0, 7, 8, 31, 49});
    ASSERT_EQ(sparse.size(), 5U);
    for (const Frame& frame : sparse) {
      EXPECT_EQ(frame.rgb, all[static_cast<size_t>(frame.index)].rgb) << frame.index;
      EXPECT_EQ(frame.pts_seconds, all[static_cast<size_t>(frame.index)].pts_seconds);
    }
  }
  EXPECT_THAT(read_frames(reader, {}), IsEmpty());
}

TEST_F(ReaderDetailTest, FpsComesFromTheTimes) {
  const auto steady = make("steady.mp4", test_pattern(96, 64, 1) + " -c:v libx264 -pix_fmt yuv420p");
  EXPECT_NEAR(VideoReader(steady).info().fps, 25, 1e-9);
  const auto thinned =
      make("thinned.mp4", test_pattern(96, 64, 1) + " " + kVariableRate + " -c:v libx264 -pix_fmt yuv420p");
  const VideoReader reader(thinned);
  const VideoInfo& info = reader.info();
  EXPECT_EQ(info.frame_count, 19);
  EXPECT_NEAR(info.fps, 18 / 0.96, 1e-6);
}

TEST_F(ReaderDetailTest, MissingTimesFollowTheRate) {
  const auto path = make("bare.h264", test_pattern(96, 64, 1) + " -c:v libx264 -pix_fmt yuv420p -bf 2");
  const VideoReader reader(path);
  ASSERT_EQ(reader.info().frame_count, 25);
  for (size_t i = 0; i < 25; ++i)
    EXPECT_NEAR(reader.info().pts_seconds[i], static_cast<double>(i) / 25, 1e-9);
}

TEST_F(ReaderDetailTest, EditListsAreHonoured) {
  const auto whole =
      make("whole.mp4", test_pattern(96, 64, 2) + " -c:v libx264 -pix_fmt yuv420p -g 50 -bf 2");
  const auto cut = make("cut.mp4", fmt::format("-ss 0.5 -i '{}' -c copy", whole.string()));
  VideoReader reader(cut);
  EXPECT_LT(reader.info().frame_count, 50);
  expect_times(reader, probe(cut));
  expect_pixels(reader, cut, 0);
}

TEST_F(ReaderDetailTest, ASizeThatChangesIsResizedToTheFirst) {
  const auto encoder = std::string(" -c:v mpeg2video -q:v 2 -f mpegts");
  const auto large = make("large.ts", test_pattern(96, 64, 0.4) + encoder);
  const auto small = make("small.ts", test_pattern(64, 48, 0.4) + encoder);
  const auto joined = file("joined.ts");
  ASSERT_EQ(run(fmt::format("cat '{}' '{}' > '{}'", large.string(), small.string(), joined.string())).status,
            0);
  VideoReader reader(joined);
  EXPECT_EQ(std::to_string(reader.info().frame_count), probe(joined).fields["nb_read_frames"]);
  EXPECT_THAT(reader.info().warnings, ::testing::Contains(HasSubstr("64x48; resized to 96x64")));
  for (const Frame& frame : read_all(reader)) {
    EXPECT_EQ(frame.width, 96);
    EXPECT_EQ(frame.rgb.size(), 96U * 64 * 3);
  }
}

TEST_F(ReaderDetailTest, CoverArtIsNotTheVideo) {
  const auto cover = make("cover.png", test_pattern(200, 200, 0.04) + " -frames:v 1");
  const auto path =
      make("song.mp4", fmt::format("-i '{}' {} -map 0 -map 1 -c:v:0 png -disposition:v:0 attached_pic "
                                   "-c:v:1 libx264 -pix_fmt yuv420p",
                                   cover.string(), test_pattern(96, 64, 0.4)));
  EXPECT_EQ(VideoReader(path).info().width, 96);
  const auto only =
      make("cover_only.mp4", fmt::format("-i '{}' -f lavfi -i sine=duration=1 -map 0 -map 1 -c:v png "
                                         "-disposition:v attached_pic",
                                         cover.string()));
  expect_error(ErrorKind::kCorruptInput, HasSubstr("has no video stream"), [&] { VideoReader reader(only); });
}

TEST_F(ReaderDetailTest, IndicesMustAscendWithinTheVideo) {
  VideoReader reader(make("short.mp4", test_pattern(96, 64, 0.2) + " -c:v libx264 -pix_fmt yuv420p"));
  for (const std::vector<int64_t>& indices : {std::vector<int64_t>{5}, {-1}, {2, 2}, {3, 1}}) {
    expect_error(ErrorKind::kInvalidArgument, HasSubstr("must ascend from 0 to 4"),
                 [&] { read_frames(reader, indices); });
  }
}

TEST_F(ReaderDetailTest, ASecondReaderNeedsNoCounting) {
  const auto path = make("short.mp4", test_pattern(96, 64, 0.2) + " -c:v libx264 -pix_fmt yuv420p");
  VideoReader first(path);
  VideoReader second(first.info());
  EXPECT_EQ(second.info().pts_seconds, first.info().pts_seconds);
  const auto one = read_all(first), other = read_all(second);
  ASSERT_EQ(other.size(), 5U);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].rgb == other[i].rgb) << i;
  VideoInfo longer = first.info();
  longer.pts_seconds.push_back(1);
  ++longer.frame_count;
  VideoReader changed(longer);
  expect_error(ErrorKind::kIo, HasSubstr("has the file changed?"), [&] { read_all(changed); });
}

TEST_F(ReaderDetailTest, ReadersMove) {
  VideoReader first(make("short.mp4", test_pattern(96, 64, 0.2) + " -c:v libx264 -pix_fmt yuv420p"));
  VideoReader second = std::move(first);
  EXPECT_EQ(read_all(second).size(), 5U);
}

TEST_F(ReaderDetailTest, OptionsAreChecked) {
  const auto path = file("unopened.mp4");
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("-1 decoder threads"),
               [&] { VideoReader reader(path, {.threads = -1}); });
  expect_error(ErrorKind::kInvalidArgument, HasSubstr("0 frames per second"),
               [&] { VideoReader reader(path, {.image_sequence_fps = 0}); });
}

}  // namespace
}  // namespace relevid::testing
