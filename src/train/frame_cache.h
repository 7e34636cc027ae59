// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "relevid/preprocessing.h"
#include "relevid/progress.h"
#include "relevid/video.h"
#include "train/cache_budget.h"
#include "train/cached_video.h"

namespace relevid::train {

struct FrameCacheOptions {
  int64_t limit_bytes = int64_t{20} << 30;  ///< that all files of the folder may take together
  int64_t video_count = 0;                  ///< that this run will open, for the limit's message; 0: unknown
  VideoOptions video;
};

/// Videos decoded and resized once, in a folder on disk, so that training does not wait for decoders.
///
/// A frame is what make_clip resizes it to, without its crop, in 8 bits: the same bits for all ResizedValues
/// but kFloat, which is rounded to the nearest level, so training and inference differ by up to half a level
/// there. A file's name is the SHA-256 of the video, the settings of the resize and a format
/// version; what else the Preprocessing says may change freely.
///
/// Files appear whole or not at all, whenever a run is killed; its left-overs are removed by a later run.
/// Files of a wrong length, with a garbled header, or of something else are deleted and made again (pixels
/// are not checked: that would read the whole set before every run). To keep the limit the least recently
/// opened files go, never one of this run. Several processes may share a folder: what one deletes stays
/// readable where another has mapped it, and each keeps the limit for the files it has opened itself.
///
/// Thread-safe: several threads may open videos at a time.
class FrameCache {
 public:
  /// Creates the folder. Throws Error(kIo) where that fails, Error(kInvalidArgument) for a limit below 1.
  FrameCache(std::filesystem::path folder, const Preprocessing& preprocessing,
             const FrameCacheOptions& options = {});

  /// The frames of `video`: decoded now ("caching NAME" frame by frame), or mapped as they are. A file whose
  /// length and modification time stay is hashed once. Throws what VideoReader throws; Error(kIo) naming the
  /// folder where its disk is full; Error(kResourceLimit) before decoding where the files of this run do not
  /// fit the limit; Interrupted.
  std::shared_ptr<const CachedVideo> open(const std::filesystem::path& video, const RunControl& control = {});

 private:
  struct KnownHash {
    uintmax_t length_bytes = 0;
    std::filesystem::file_time_type time;
    std::string hash;
  };

  std::string key_of(const std::filesystem::path& video);
  std::shared_ptr<const CachedVideo> make(const std::filesystem::path& video, const std::string& key,
                                          const RunControl& control);
  std::shared_ptr<const CachedVideo> decode(VideoReader& reader, const CacheFileInfo& info,
                                            const RunControl& control) const;

  const std::filesystem::path folder_;
  const Preprocessing preprocessing_;  ///< without its crop
  const FrameCacheOptions options_;
  CacheBudget budget_;
  std::mutex mutex_;  ///< of hashes_
  std::map<std::filesystem::path, KnownHash> hashes_;
};

}  // namespace relevid::train
