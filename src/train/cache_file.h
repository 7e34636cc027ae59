// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "relevid/preprocessing.h"

namespace relevid::train {

// How a video lies in the frame cache: a header of 256 bytes, then the frames [frames, height, width, 3] as
// 8-bit RGB. The header holds a format version, all sizes, the key and a checksum of itself; the frames have
// no checksum, as they are on the disk before the file gets its name. Files of another byte order are
// foreign.

inline constexpr std::string_view kCacheFileExtension = ".frames";
inline constexpr int64_t kCacheHeaderBytes = 256;

struct CacheFileInfo {
  std::string key;  ///< what the file was made from: the video's hash and the settings; 190 bytes at most
  int64_t frame_count = 0;
  Size size;
  double fps = 0;
  bool operator==(const CacheFileInfo&) const = default;
};

int64_t frame_bytes(const CacheFileInfo& info);
/// Of the whole file, the header included.
int64_t file_bytes(const CacheFileInfo& info);

std::string encode_header(const CacheFileInfo& info);
/// Nothing where these bytes, of a file of this length, are not the header of a whole cache file.
std::optional<CacheFileInfo> decode_header(std::string_view header, int64_t length_bytes);

/// An open file, closed at the end of its scope.
class OpenFile {
 public:
  OpenFile(const std::filesystem::path& path, int flags);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// Writes one file frame by frame; it appears whole at commit(), or not at all. While it is written its
/// temporary file is locked (flock), by which others see that its writer lives. Throws Error(kIo) naming the
/// folder and the bytes needed. Not thread-safe.
class CacheFileWriter {
 public:
  CacheFileWriter(const std::filesystem::path& path, const CacheFileInfo& info);

  /// [height, width, 3]
  void write_frame(std::span<const uint8_t> rgb);
  /// Can be mapped once all frames are written.
  const std::filesystem::path& temporary_path() const { return file_.temporary_path(); }
  /// Throws Error(kInternal) where frames are missing.
  void commit();

 private:
  void write(std::string_view bytes);

  std::filesystem::path folder_;
  CacheFileInfo info_;
  AtomicFile file_;
  OpenFile out_;
  int64_t frames_written_ = 0;
};

/// Removes what writers that were killed have left in `folder`: temporary files that nobody locks and that
/// are older than a minute (longer than it can take from creating such a file to locking it).
void remove_stale_files(const std::filesystem::path& folder);

}  // namespace relevid::train
