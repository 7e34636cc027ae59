// SPDX-License-Identifier: Apache-2.0
#include "train/cached_video.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "relevid/error.h"

namespace relevid::train {

std::shared_ptr<const CachedVideo> CachedVideo::map(const std::filesystem::path& path, std::string_view key,
                                                    const std::filesystem::path& video) {
  const OpenFile file(path, O_RDONLY);
  if (!file && errno == ENOENT) return nullptr;
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    throw Error(ErrorKind::kIo, fmt::format("cannot read the frame cache's file {}: {}", path.string(),
                                            std::strerror(errno)));
  }
  std::string header(kCacheHeaderBytes, '\0');
  if (::pread(file.get(), header.data(), header.size(), 0) != kCacheHeaderBytes) return nullptr;
  std::optional<CacheFileInfo> info = decode_header(header, status.st_size);
  if (!info || info->key != key) return nullptr;
  return std::shared_ptr<const CachedVideo>(new CachedVideo(video, *std::move(info), file.get()));
}

CachedVideo::CachedVideo(std::filesystem::path video, CacheFileInfo info, int descriptor)
    : video_(std::move(video)), info_(std::move(info)) {
  void* address = ::mmap(nullptr, static_cast<size_t>(file_bytes()), PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) {
    throw Error(
        ErrorKind::kResourceLimit,
        fmt::format("the {} bytes of cached frames of {} cannot be mapped into memory: {} (the system "
                    "limits the number of mappings, vm.max_map_count)",
                    file_bytes(), video_.string(), std::strerror(errno)));
  }
  bytes_ = static_cast<const uint8_t*>(address);
}

CachedVideo::~CachedVideo() {
  ::munmap(const_cast<uint8_t*>(bytes_), static_cast<size_t>(file_bytes()));
}

std::span<const uint8_t> CachedVideo::frame(int64_t index) const {
  if (index < 0 || index >= info_.frame_count) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("frame {} of {}, which has {} frames", index,
                                                         video_.string(), info_.frame_count));
  }
  const int64_t length = frame_bytes(info_);
  return {bytes_ + kCacheHeaderBytes + index * length, static_cast<size_t>(length)};
}

}  // namespace relevid::train
