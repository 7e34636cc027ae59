// SPDX-License-Identifier: Apache-2.0
#include "train/frame_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <system_error>
#include <utility>
#include <vector>

#include "clips/resample.h"
#include "clips/settings_names.h"
#include "relevid/error.h"
#include "train/video_hash.h"

namespace relevid::train {
namespace {

std::string_view word_of(ResizedValues values) {
  switch (values) {
    case ResizedValues::kEightBit:
      return "8bit";
    case ResizedValues::kFloat:
      return "float";
    case ResizedValues::kOpenCv:
      return "opencv";
    case ResizedValues::kPillow:
      return "pillow";
    case ResizedValues::kTorch:
      return "torch";
  }
  throw Error(ErrorKind::kInternal, "unknown kind of resized values");
}

/// All that decides about resized pixels, as a part of a file's name: "stretch-128x171-bilinear-8bit".
std::string resize_words(const Preprocessing& p) {
  if (p.spatial == Spatial::kNone) return "whole";
  const std::string size =
      p.spatial == Spatial::kStretch
          ? fmt::format("stretch-{}x{}", p.stretch.height, p.stretch.width)
          : fmt::format("short-{}-{}", p.short_side, name_in(kRoundingNames, p.long_side));
  const bool smooth = smoothing_matters(p.filter) && p.smoothing == Smoothing::kOn;
  return fmt::format("{}-{}{}-{}", size, name_in(kFilterNames, p.filter), smooth ? "-smooth" : "",
                     word_of(p.resized_values));
}

std::vector<uint8_t> as_bytes(std::span<const float> values) {
  std::vector<uint8_t> bytes(values.size());
  std::transform(values.begin(), values.end(), bytes.begin(), [](float value) {
    return static_cast<uint8_t>(std::floor(std::clamp(value, 0.0F, 255.0F) + 0.5F));
  });
  return bytes;
}

void remove_file(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::remove(file, error);
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot delete {} of the frame cache: {}", file.string(), error.message()));
  }
}

/// The crop is left to whoever cuts clips, and so are values.
Preprocessing resize_of(Preprocessing preprocessing) {
  preprocessing.crop.reset();
  preprocessing.mean_volume.reset();
  return preprocessing;
}

/// The folder, there and free of what killed runs have left.
std::filesystem::path prepared_folder(std::filesystem::path folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot create the cache folder {}: {}", folder.string(), error.message()));
  }
  remove_stale_files(folder);
  return folder;
}

}  // namespace

FrameCache::FrameCache(std::filesystem::path folder, const Preprocessing& preprocessing,
                       const FrameCacheOptions& options)
    : folder_(prepared_folder(std::move(folder))),
      preprocessing_(resize_of(preprocessing)),
      options_(options),
      budget_(folder_, options.limit_bytes, options.video_count) {
  if (options_.limit_bytes >= 1) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("a frame cache of {} bytes; 1 or more are possible", options_.limit_bytes));
}

std::shared_ptr<const CachedVideo> FrameCache::open(const std::filesystem::path& video,
                                                    const RunControl& control) {
  const std::string key = key_of(video);
  const auto file = budget_.file_of(key);
  std::shared_ptr<const CachedVideo> there = CachedVideo::map(file, key, video);
  if (!there) {
    remove_file(file);
    return make(video, key, control);
  }
  budget_.reserve(key, there->file_bytes(), video);
  // The time of the last use; a folder that may only be read goes without.
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
  return there;
}

std::string FrameCache::key_of(const std::filesystem::path& video) {
  std::error_code ignored, missing;
  KnownHash known;
  known.length_bytes = std::filesystem::file_size(video, ignored);  // a folder has none
  known.time = std::filesystem::last_write_time(video, missing);
  {
    const std::lock_guard lock(mutex_);
    const auto found = hashes_.find(video);
    if (!missing && found != hashes_.end() && found->second.length_bytes == known.length_bytes &&
        found->second.time == known.time) {
      known.hash = found->second.hash;
    }
  }
  if (known.hash.empty()) {
    known.hash = hash_of_video(video, options_.video);
    const std::lock_guard lock(mutex_);
    hashes_.insert_or_assign(video, known);
  }
  return fmt::format("{}-{}", known.hash, resize_words(preprocessing_));
}

std::shared_ptr<const CachedVideo> FrameCache::make(const std::filesystem::path& video,
                                                    const std::string& key, const RunControl& control) {
  VideoReader reader(video, options_.video);
  const VideoInfo& found = reader.info();
  const Geometry geometry = relevid::geometry(preprocessing_, found.width, found.height);
  const CacheFileInfo info{key, found.frame_count, geometry.resized, found.fps};
  budget_.reserve(key, file_bytes(info), video);
  try {
    return decode(reader, info, control);
  } catch (...) {
    budget_.release(key);
    throw;
  }
}

std::shared_ptr<const CachedVideo> FrameCache::decode(VideoReader& reader, const CacheFileInfo& info,
                                                      const RunControl& control) const {
  const VideoInfo& found = reader.info();
  const auto resizer =
      make_frame_resizer(preprocessing_, relevid::geometry(preprocessing_, found.width, found.height));
  CacheFileWriter writer(budget_.file_of(info.key), info);
  std::vector<int64_t> all(static_cast<size_t>(info.frame_count));
  std::iota(all.begin(), all.end(), 0);
  const std::string what = fmt::format("caching {}", found.path.filename().string());
  reader.read(all, [&](Frame&& frame) {
    if (control.interrupted()) throw Interrupted{};
    writer.write_frame(as_bytes(resizer->resize(frame)));
    if (control.report) control.report({what, frame.index + 1, info.frame_count});
  });
  // Mapped before it gets its name: no other process can delete it between the two.
  auto video = CachedVideo::map(writer.temporary_path(), info.key, found.path);
  if (!video) {
    throw Error(ErrorKind::kIo, fmt::format("what was written into the cache folder {} cannot be read back",
                                            folder_.string()));
  }
  writer.commit();
  return video;
}

}  // namespace relevid::train
