// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/preprocessing.h"
#include "relevid/video.h"
#include "support/scratch.h"
#include "train/frame_cache.h"

namespace relevid::testing {

struct SmallVideo {
  int64_t frames = 12;
  Size size{24, 32};
  int64_t number = 0;  ///< another number, another picture
};

inline void write_small_video(const std::filesystem::path& path, const SmallVideo& video) {
  VideoWriter writer(path, video.size.width, video.size.height, {.fps = 25, .crf = 12, .threads = 1});
  for (int64_t frame = 0; frame < video.frames; ++frame) {
    std::vector<uint8_t> rgb;
    for (int64_t y = 0; y < video.size.height; ++y) {
      for (int64_t x = 0; x < video.size.width; ++x) {
        const int64_t shade = (x + frame) * 9 + y * 5 + video.number * 41;
        for (const int64_t factor : {1, 3, 7}) rgb.push_back(static_cast<uint8_t>(shade * factor % 256));
      }
    }
    writer.write(rgb, static_cast<double>(frame) / 25);
  }
  writer.finish();
}

/// The whole frame, its bytes as numbers.
inline Preprocessing plain_preprocessing() {
  Preprocessing p;
  p.scale = 1;
  p.value_range = {0, 255};
  return p;
}

inline Preprocessing stretched(Size size) {
  Preprocessing p = plain_preprocessing();
  p.spatial = Spatial::kStretch;
  p.stretch = size;
  return p;
}

/// One decoder thread, which is enough for a small video.
inline train::FrameCacheOptions cache_options(int64_t limit_bytes = int64_t{1} << 30) {
  return {.limit_bytes = limit_bytes, .video_count = 0, .video = {.threads = 1}};
}

/// Counts the frames that are decoded.
class DecodeCounter {
 public:
  RunControl control() {
    return {[this](const Progress&) { ++frames; }, nullptr};
  }
  int64_t frames = 0;
};

/// Videos and a cache in a folder of the test's own.
class SmallVideoTest : public ::testing::Test {
 protected:
  std::filesystem::path make_video(std::string_view name, const SmallVideo& video = {}) const {
    write_small_video(folder_ / name, video);
    return folder_ / name;
  }
  std::shared_ptr<const train::CachedVideo> cached(const std::filesystem::path& video,
                                                   const Preprocessing& preprocessing) const {
    return train::FrameCache(cache_folder(), preprocessing, cache_options()).open(video);
  }
  std::filesystem::path cache_folder() const { return folder_ / "cache"; }
  /// Names of the files in the cache folder.
  std::vector<std::string> cache_names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(cache_folder())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
  /// The only file in the cache folder.
  std::filesystem::path only_entry() const {
    const auto names = cache_names();
    EXPECT_EQ(names.size(), 1U) << ::testing::PrintToString(names);
    return cache_folder() / names.at(0);
  }

  ScratchFolder folder_;
};

inline std::vector<Frame> decoded_frames(const std::filesystem::path& video,
                                         const std::vector<int64_t>& indices = {}) {
  VideoReader reader(video, {.threads = 1});
  std::vector<int64_t> wanted = indices;
  if (wanted.empty()) {
    wanted.resize(static_cast<size_t>(reader.info().frame_count));
    std::iota(wanted.begin(), wanted.end(), 0);
  }
  std::vector<Frame> frames;
  reader.read(wanted, [&](Frame&& frame) { frames.push_back(std::move(frame)); });
  return frames;
}

}  // namespace relevid::testing
