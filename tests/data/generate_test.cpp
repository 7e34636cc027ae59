// SPDX-License-Identifier: Apache-2.0
#include "relevid/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "base/atomic_file.h"
#include "relevid/dataset.h"
#include "relevid/video.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using relevid::testing::FullDisk;
using relevid::testing::message_of;
using relevid::testing::ScratchFolder;
using relevid::testing::write_bytes;
using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

GenerateOptions small() {
  GenerateOptions options;
  options.videos = 10;
  options.size_pixels = 32;
  options.frames = 6;
  return options;
}

/// Every file's bytes by its name.
std::map<std::string, std::string> contents(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).string()] = read_file(entry.path());
  }
  return files;
}

TEST(Generate, TheSameOptionsGiveTheSameBytesOnAnyNumberOfThreads) {
  const ScratchFolder folder;
  GenerateOptions options = small();
  options.threads = 1;
  generate_videos(folder / "a", options);
  options.threads = 3;
  generate_videos(folder / "b", options);
  const auto a = contents(folder / "a");
  EXPECT_EQ(a.size(), 16U);  // ten videos, five tables, a manifest
  EXPECT_EQ(a, contents(folder / "b"));
  options.seed = 2;
  generate_videos(folder / "c", options);
  EXPECT_NE(a.at("videos/000000.mp4"), contents(folder / "c").at("videos/000000.mp4"));
}

TEST(Generate, ItsListsAreDataSets) {
  const ScratchFolder folder;
  GenerateOptions options = small();
  options.videos = 40;
  options.frames = 1;
  const GenerateResult result = generate_videos(folder / "set", options);
  EXPECT_EQ(result.written, 40);
  const DataSet all = read_dataset(folder / "set");
  EXPECT_EQ(all.class_names, class_names(options.classes));
  EXPECT_THAT(all.warnings, ::testing::IsEmpty());
  std::vector<int> counts(4);
  for (const DataRow& row : all.rows) ++counts[static_cast<size_t>(row.label)];
  EXPECT_THAT(counts, ::testing::Each(10));
  const DataSet training = read_dataset(result.training_list),
                validation = read_dataset(result.validation_list);
  EXPECT_EQ(training.rows.size(), 32U);
  EXPECT_EQ(validation.rows.size(), 8U);
  EXPECT_EQ(training.class_names, all.class_names);
  for (const DataRow& row : validation.rows) {
    EXPECT_TRUE(std::none_of(training.rows.begin(), training.rows.end(),
                             [&](const DataRow& other) { return other.name == row.name; }));
  }
}

/// The rows of positions.csv of one video: x and y of its object, frame by frame.
std::vector<std::pair<double, double>> positions(const fs::path& folder, const std::string& video) {
  std::istringstream lines(read_file(folder / "positions.csv"));
  std::vector<std::pair<double, double>> result;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(video + ",")) continue;
    double x = 0, y = 0;
    int frame = 0;
    if (std::sscanf(line.c_str() + video.size(), ",%d,%lf,%lf", &frame, &x, &y) == 3)
      result.emplace_back(x, y);
  }
  return result;
}

std::vector<Frame> decode(const fs::path& path) {
  VideoReader reader(path);
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < reader.info().frame_count; ++i) indices.push_back(i);
  std::vector<Frame> frames;
  reader.read(indices, [&](Frame&& frame) { frames.push_back(std::move(frame)); });
  return frames;
}

/// Green at (x, y), where the picture's edges meet.
double green(const Frame& frame, int64_t x, int64_t y) {
  x = (x % frame.width + frame.width) % frame.width;
  y = (y % frame.height + frame.height) % frame.height;
  return frame.rgb[static_cast<size_t>((y * frame.width + x) * 3 + 1)];
}

/// The whole displacement, of up to `reach` pixels a side, at which the two frames correlate best around (x,
/// y).
std::pair<int64_t, int64_t> displacement(const Frame& a, const Frame& b, int64_t x, int64_t y, int64_t half,
                                         int64_t reach) {
  double best = 0;
  std::pair<int64_t, int64_t> result;
  for (int64_t dy = -reach; dy <= reach; ++dy) {
    for (int64_t dx = -reach; dx <= reach; ++dx) {
      double error = 0;
      for (int64_t v = -half; v <= half; ++v) {
        for (int64_t u = -half; u <= half; ++u) {
          const double difference = green(a, x + u, y + v) - green(b, x + u + dx, y + v + dy);
          error += difference * difference;
        }
      }
      if (error < best || (dx == -reach && dy == -reach)) {
        best = error;
        result = {dx, dy};
      }
    }
  }
  return result;
}

TEST(Generate, DecodedFramesMoveAsThePositionsSay) {
  const ScratchFolder folder;
  GenerateOptions options;
  options.videos = 8;
  options.frames = 12;
  options.speed_min = options.speed_max = 0.8;
  generate_videos(folder / "set", options);
  const std::vector<std::string> directions = class_names(options.classes);
  for (int video = 0; video < 8; ++video) {
    const std::string name = "videos/00000" + std::to_string(video) + ".mp4";
    const auto frames = decode(folder / "set" / name);
    const auto places = positions(folder / "set", name);
    ASSERT_EQ(frames.size(), 12U);
    ASSERT_EQ(places.size(), 12U);
    const auto [x, y] = places[0];
    const auto [dx, dy] =
        displacement(frames[0], frames[10], std::lround(x - 0.5), std::lround(y - 0.5), 5, 11);
    const double true_dx = places[10].first - x, true_dy = places[10].second - y;
    EXPECT_LE(std::abs(static_cast<double>(dx) - (true_dx - 64 * std::round(true_dx / 64))), 0.75) << name;
    EXPECT_LE(std::abs(static_cast<double>(dy) - (true_dy - 64 * std::round(true_dy / 64))), 0.75) << name;
    const std::string& direction = directions[static_cast<size_t>(video % 4)];
    EXPECT_GT(direction == "right"  ? dx
              : direction == "left" ? -dx
              : direction == "down" ? dy
                                    : -dy,
              5)
        << name;
  }
}

TEST(Generate, GoesOnWhereItStopped) {
  const ScratchFolder folder;
  const GenerateOptions options = small();
  generate_videos(folder / "whole", options);
  std::atomic<bool> stop = false;
  const RunControl control{[&](const Progress& progress) { stop = progress.done >= 3; }, &stop};
  EXPECT_THROW(generate_videos(folder / "set", options, control), Interrupted);
  EXPECT_FALSE(fs::exists(folder / "set/videos.csv"));
  fs::remove(folder / "set/videos/000000.mp4");
  const GenerateResult result = generate_videos(folder / "set", options);
  EXPECT_GE(result.kept, 2);
  EXPECT_EQ(result.kept + result.written, 10);
  EXPECT_EQ(contents(folder / "set"), contents(folder / "whole"));
  EXPECT_EQ(generate_videos(folder / "set", options).written, 0);
}

TEST(Generate, ASetCanGrowButNotShrink) {
  const ScratchFolder folder;
  GenerateOptions options = small();
  options.videos = 12;
  generate_videos(folder / "whole", options);
  options.videos = 5;
  generate_videos(folder / "set", options);
  options.videos = 12;
  EXPECT_EQ(generate_videos(folder / "set", options).written, 7);
  EXPECT_EQ(contents(folder / "set"), contents(folder / "whole"));
  options.videos = 5;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { generate_videos(folder / "set", options); }),
              HasSubstr("videos 12, not 5"));
}

TEST(Generate, OtherSettingsAreRefusedByName) {
  const ScratchFolder folder;
  GenerateOptions options = small();
  options.videos = 1;
  generate_videos(folder / "set", options);
  options.speed_max = 0.5;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { generate_videos(folder / "set", options); }),
              AllOf(HasSubstr("manifest.json"), HasSubstr("speed-max 0.8, not 0.5")));
  options = small();
  options.background = Background::kFaint;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { generate_videos(folder / "set", options); }),
              HasSubstr(R"(background "textured", not "faint")"));
  write_bytes(folder / "set/manifest.json", "{\"videos\": ");
  message_of(ErrorKind::kCorruptInput, [&] { generate_videos(folder / "set", options); });
}

TEST(Generate, FoldersOfSomethingElseAreLeftAlone) {
  const ScratchFolder folder;
  fs::create_directories(folder / "other/videos");
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { generate_videos(folder / "other", small()); }),
              HasSubstr("no manifest.json"));
  write_bytes(folder / "file", "x");
  message_of(ErrorKind::kIo, [&] { generate_videos(folder / "file", small()); });
}

TEST(Generate, AFullDiskIsAnErrorThatLeavesNothingHalfWritten) {
  const ScratchFolder folder;
  GenerateOptions options = small();
  options.videos = 4;
  {
    const FullDisk disk(2000);
    message_of(ErrorKind::kIo, [&] { generate_videos(folder / "set", options); });
  }
  for (const auto& entry : fs::directory_iterator(folder / "set/videos")) ADD_FAILURE() << entry.path();
  EXPECT_EQ(generate_videos(folder / "set", options).written, 4);
  const auto before = contents(folder / "set");
  {
    const FullDisk disk(500);
    EXPECT_THAT(message_of(ErrorKind::kIo, [&] { generate_videos(folder / "set", options); }),
                AllOf(HasSubstr("positions.csv"), HasSubstr("File too large")));
  }
  EXPECT_EQ(contents(folder / "set"), before);
}

TEST(Generate, OptionsThatMakeNoSenseAreRefused) {
  const ScratchFolder folder;
  const auto refused = [&](auto change, const std::string& message) {
    GenerateOptions options = small();
    change(options);
    EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { generate_videos(folder / "set", options); }),
                HasSubstr(message));
  };
  refused([](GenerateOptions& o) { o.videos = 0; }, "videos is 0; 1 to 1000000 will do");
  refused([](GenerateOptions& o) { o.size_pixels = 8; }, "size is 8");
  refused([](GenerateOptions& o) { o.frames = 0; }, "frames is 0");
  refused([](GenerateOptions& o) { o.fps = std::nan(""); }, "fps is nan");
  refused([](GenerateOptions& o) { o.speed_min = 0; }, "speed-min is 0");
  refused([](GenerateOptions& o) { o.speed_max = 0.01; }, "speed-max is 0.01; 0.05 to 100 will do");
  refused([](GenerateOptions& o) { o.shake_pixels = -1; }, "shake is -1");
  refused([](GenerateOptions& o) { o.noise_levels = -1; }, "noise is -1");
  refused([](GenerateOptions& o) { o.textures = 0; }, "textures is 0");
  refused([](GenerateOptions& o) { o.validation_share = 1; }, "val-share is 1");
  refused([](GenerateOptions& o) { o.crf = 0; }, "crf is 0");
  refused([](GenerateOptions& o) { o.threads = -1; }, "threads is -1");
  EXPECT_FALSE(fs::exists(folder / "set"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [] { motion_classes("rotation-zom"); }),
              HasSubstr("did you mean"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [] { background("strong"); }),
              HasSubstr("textured, faint"));
  EXPECT_EQ(motion_classes("8"), MotionClasses::kEight);
  EXPECT_EQ(name(background("faint")), "faint");
}

}  // namespace
}  // namespace relevid
