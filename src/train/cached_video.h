// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "train/cache_file.h"

namespace relevid::train {

/// The frames of one video, resized, as 8-bit RGB: a file of the frame cache, mapped into memory read-only.
/// Never changes, so any number of threads may read it. It is handed about as a shared_ptr because the list
/// of videos and loaders of several epochs, whose threads may outlive either, read the same mapping; the last
/// one unmaps it. The file may be deleted meanwhile.
class CachedVideo {
 public:
  /// `file` as it was made from `key`; `video` names the source in messages. nullptr where the file is
  /// missing or is not a whole cache file of this key. Throws Error(kIo) where it cannot be read,
  /// Error(kResourceLimit) where it cannot be mapped.
  static std::shared_ptr<const CachedVideo> map(const std::filesystem::path& file, std::string_view key,
                                                const std::filesystem::path& video);
  ~CachedVideo();
  CachedVideo(const CachedVideo&) = delete;
  CachedVideo& operator=(const CachedVideo&) = delete;

  const std::filesystem::path& video() const { return video_; }
  int64_t frame_count() const { return info_.frame_count; }
  Size size() const { return info_.size; }
  double fps() const { return info_.fps; }
  /// On the disk.
  int64_t file_bytes() const { return train::file_bytes(info_); }
  /// [height, width, 3]. Throws Error(kInvalidArgument) for an index that is not in [0, frame_count).
  std::span<const uint8_t> frame(int64_t index) const;

 private:
  CachedVideo(std::filesystem::path video, CacheFileInfo info, int descriptor);

  std::filesystem::path video_;
  CacheFileInfo info_;
  const uint8_t* bytes_ = nullptr;  ///< of the whole file
};

}  // namespace relevid::train
