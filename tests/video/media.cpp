// SPDX-License-Identifier: Apache-2.0
#include "media.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>

namespace relevid::testing {

void MediaTest::SetUp() {
  static const bool has_programs =
      run("ffmpeg -version 2>&1").status == 0 && run("ffprobe -version 2>&1").status == 0;
  if (!has_programs) GTEST_SKIP() << "the ffmpeg and ffprobe programs are not installed";
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("relevid-{}-{}-{}", ::getpid(), test->test_suite_name(), test->name());
  for (char& c : name) c = c == '/' ? '-' : c;
  folder_ = std::filesystem::temp_directory_path() / name;
  std::filesystem::create_directories(folder_);
}

void MediaTest::TearDown() {
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

std::filesystem::path MediaTest::make(std::string_view name, std::string_view arguments) const {
  const auto path = file(name);
  const auto command = fmt::format("ffmpeg -nostdin -y -v error {} '{}' 2>&1", arguments, path.string());
  const Output output = run(command);
  EXPECT_EQ(output.status, 0) << command << "\n" << output.text;
  return path;
}

std::string test_pattern(int width, int height, double seconds) {
  return fmt::format("-f lavfi -i testsrc=size={}x{}:rate=25:duration={}", width, height, seconds);
}

Output run(const std::string& command) {
  Output output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {"", -1};
  char block[1 << 16];
  while (const size_t count = std::fread(block, 1, sizeof block, pipe)) output.text.append(block, count);
  const int status = ::pclose(pipe);
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return output;
}

Probe probe(const std::filesystem::path& path) {
  std::istringstream lines(
      run(fmt::format(
              "ffprobe -v quiet -count_frames -select_streams V:0 -show_entries "
              "frame=best_effort_timestamp_time:stream=codec_name,width,height,pix_fmt,nb_read_frames,"
              "color_space,color_primaries,color_transfer,color_range -of default=nw=1 '{}'",
              path.string()))
          .text);
  Probe probed;
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find('='));
    const std::string value = line.substr(std::min(line.size(), key.size() + 1));
    if (key == "best_effort_timestamp_time") {
      probed.times.push_back(value == "N/A" ? std::nan("") : std::strtod(value.c_str(), nullptr));
    } else {
      probed.fields[key] = value;
    }
  }
  return probed;
}

void expect_times(const VideoReader& reader, const Probe& probed) {
  const std::vector<double>& times = reader.info().pts_seconds;
  ASSERT_EQ(times.size(), probed.times.size());
  for (size_t i = 0; i < times.size(); ++i) {
    if (!std::isnan(probed.times[i])) {
      EXPECT_NEAR(times[i], probed.times[i], 1e-6) << "frame " << i;
    }
  }
}

std::string ffmpeg_rgb(const std::filesystem::path& path) {
  return run(fmt::format("ffmpeg -nostdin -v quiet -i '{}' -map 0:V:0 -vsync passthrough -f rawvideo "
                         "-pix_fmt rgb24 -",
                         path.string()))
      .text;
}

std::vector<Frame> read_frames(VideoReader& reader, const std::vector<int64_t>& indices) {
  std::vector<Frame> frames;
  reader.read(indices, [&](Frame&& frame) { frames.push_back(std::move(frame)); });
  return frames;
}

std::vector<Frame> read_all(VideoReader& reader) {
  std::vector<int64_t> indices(static_cast<size_t>(reader.info().frame_count));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  return read_frames(reader, indices);
}

Difference difference(std::string_view expected, const std::vector<uint8_t>& actual) {
  EXPECT_EQ(expected.size(), actual.size());
  Difference result;
  double sum = 0;
  for (size_t i = 0; i < std::min(expected.size(), actual.size()); ++i) {
    const int distance = std::abs(static_cast<uint8_t>(expected[i]) - actual[i]);
    result.largest = std::max(result.largest, distance);
    sum += distance;
  }
  result.mean = sum / static_cast<double>(std::max<size_t>(1, actual.size()));
  return result;
}

void truncate_copy(const std::filesystem::path& from, const std::filesystem::path& to, double share) {
  std::filesystem::copy_file(from, to);
  const auto size_bytes = static_cast<double>(std::filesystem::file_size(from));
  std::filesystem::resize_file(to, static_cast<uintmax_t>(size_bytes * share));
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

void expect_error(ErrorKind kind, const ::testing::Matcher<std::string>& message,
                  const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(name(error.kind()), name(kind)) << error.what();
    EXPECT_THAT(std::string(error.what()), message);
  }
}

}  // namespace relevid::testing
