// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace relevid::train {

/// What the files KEY.frames of a cache folder take on the disk, and which have to go to keep a limit. Keys
/// begin with 64 hexadecimal digits and a dash; all other files are left alone and not counted. The folder is
/// listed at the beginning and whenever files have to go; in between, files of other processes are not seen.
/// Thread-safe.
class CacheBudget {
 public:
  /// `video_count`: how many videos this run will open, 0 where that is not known.
  CacheBudget(std::filesystem::path folder, int64_t limit_bytes, int64_t video_count);

  std::filesystem::path file_of(std::string_view key) const;
  /// Makes a file this run's own, then deletes the least recently opened files of others (by modification
  /// time) until all fit the limit. A key that is its own already changes nothing. Throws
  /// Error(kResourceLimit), having changed nothing, where this run's own files do not fit; `video` names the
  /// last one there. Throws Error(kIo) where a file cannot be deleted.
  void reserve(const std::string& key, int64_t bytes, const std::filesystem::path& video);
  /// Gives up a file that could not be made.
  void release(const std::string& key);

 private:
  struct Other {
    std::filesystem::file_time_type opened;
    int64_t bytes = 0;
  };

  void list_others();
  void evict_others();
  [[noreturn]] void throw_too_large(int64_t total, const std::filesystem::path& video) const;

  const std::filesystem::path folder_;
  const int64_t limit_bytes_;
  const int64_t video_count_;
  std::mutex mutex_;  ///< of all below
  std::map<std::string, int64_t> own_;
  int64_t own_bytes_ = 0;
  std::map<std::string, Other> others_;
  int64_t others_bytes_ = 0;
};

}  // namespace relevid::train
