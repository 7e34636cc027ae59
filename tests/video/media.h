// SPDX-License-Identifier: Apache-2.0
#pragma once

// Videos made, and judged, by the ffmpeg and ffprobe programs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/error.h"
#include "relevid/video.h"

namespace relevid::testing {

/// A folder of its own for each test, removed at the end; skips the test where the programs are missing.
class MediaTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  std::filesystem::path file(std::string_view name) const { return folder_ / name; }
  /// Runs ffmpeg with `arguments`, writing `name`.
  std::filesystem::path make(std::string_view name, std::string_view arguments) const;

 private:
  std::filesystem::path folder_;
};

/// "-f lavfi -i testsrc=..." at 25 frames per second.
std::string test_pattern(int width, int height, double seconds);

struct Output {
  std::string text;  ///< standard output
  int status = 0;
};
Output run(const std::string& command);

/// What ffprobe finds by decoding the video stream.
struct Probe {
  std::map<std::string, std::string> fields;  ///< "pix_fmt", "nb_read_frames", ...
  std::vector<double> times;                  ///< of each frame; not a number where ffprobe finds none
};
Probe probe(const std::filesystem::path& path);
/// Expects the reader's times to be ffprobe's, wherever that has one.
void expect_times(const VideoReader& reader, const Probe& probed);

/// All frames, one after the other, as the ffmpeg program decodes, turns and converts them.
std::string ffmpeg_rgb(const std::filesystem::path& path);

std::vector<Frame> read_frames(VideoReader& reader, const std::vector<int64_t>& indices);
std::vector<Frame> read_all(VideoReader& reader);

/// The largest and the mean absolute difference.
struct Difference {
  int largest = 0;
  double mean = 0;
};
Difference difference(std::string_view expected, const std::vector<uint8_t>& actual);

/// Copies the first `share` of a file.
void truncate_copy(const std::filesystem::path& from, const std::filesystem::path& to, double share);
void write_text(const std::filesystem::path& path, std::string_view text);

/// Expects an Error of `kind` whose message matches.
void expect_error(ErrorKind kind, const ::testing::Matcher<std::string>& message,
                  const std::function<void()>& action);

}  // namespace relevid::testing
