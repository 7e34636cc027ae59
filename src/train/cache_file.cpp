// SPDX-License-Identifier: Apache-2.0
#include "train/cache_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <type_traits>

#include "clips/channels.h"
#include "relevid/error.h"

namespace relevid::train {
namespace {

constexpr int64_t kMaxSide = 1 << 15;
constexpr int64_t kMaxFrames = int64_t{1} << 31;
constexpr char kMagic[8] = {'R', 'V', 'F', 'R', 'A', 'M', 'E', 'S'};
constexpr uint32_t kFormatVersion = 1;  // of this layout and of what decoding and resizing give

/// As it lies in the file, in the machine's byte order.
struct RawHeader {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  int64_t file_bytes;
  int64_t frame_count;
  int64_t height;
  int64_t width;
  double fps;
  char key[192];  // padded with zeros
  uint64_t checksum;
};
static_assert(sizeof(RawHeader) == kCacheHeaderBytes && std::is_trivially_copyable_v<RawHeader>);

/// FNV-1a (Fowler, Noll, Vo) of everything before the checksum.
uint64_t checksum_of(const RawHeader& header) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (size_t i = 0; i < offsetof(RawHeader, checksum); ++i) hash = (hash ^ bytes[i]) * 0x100000001B3ULL;
  return hash;
}

bool sizes_are_sane(const RawHeader& header) {
  const auto within = [](int64_t value, int64_t limit) { return value >= 1 && value <= limit; };
  return within(header.height, kMaxSide) && within(header.width, kMaxSide) &&
         within(header.frame_count, kMaxFrames) && std::isfinite(header.fps);
}

bool is_temporary(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with('.') && name.find(".part") != std::string::npos &&
         name.ends_with(kCacheFileExtension);
}

bool is_locked(const std::filesystem::path& path) {
  const OpenFile file(path, O_RDWR);
  return !file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace

OpenFile::OpenFile(const std::filesystem::path& path, int flags)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int64_t frame_bytes(const CacheFileInfo& info) {
  return info.size.height * info.size.width * kChannels;
}

int64_t file_bytes(const CacheFileInfo& info) {
  return kCacheHeaderBytes + info.frame_count * frame_bytes(info);
}

std::string encode_header(const CacheFileInfo& info) {
  RawHeader header{};
  if (info.key.size() >= sizeof header.key) {
    throw Error(ErrorKind::kInternal, fmt::format("the key {} of a cached video is too long", info.key));
  }
  std::copy(std::begin(kMagic), std::end(kMagic), header.magic);
  header.version = kFormatVersion;
  header.header_bytes = sizeof header;
  header.file_bytes = file_bytes(info);
  header.frame_count = info.frame_count;
  header.height = info.size.height;
  header.width = info.size.width;
  header.fps = info.fps;
  std::copy(info.key.begin(), info.key.end(), header.key);
  header.checksum = checksum_of(header);
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

std::optional<CacheFileInfo> decode_header(std::string_view bytes, int64_t length_bytes) {
  RawHeader header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (!std::equal(std::begin(kMagic), std::end(kMagic), header.magic) || header.version != kFormatVersion ||
      header.header_bytes != sizeof header || header.checksum != checksum_of(header) ||
      !sizes_are_sane(header)) {
    return std::nullopt;
  }
  const char* key_end = std::find(std::begin(header.key), std::end(header.key), '\0');
  CacheFileInfo info{std::string(static_cast<const char*>(header.key), key_end),
                     header.frame_count,
                     {header.height, header.width},
                     header.fps};
  if (header.file_bytes != file_bytes(info) || header.file_bytes != length_bytes) return std::nullopt;
  return info;
}

CacheFileWriter::CacheFileWriter(const std::filesystem::path& path, const CacheFileInfo& info)
    : folder_(path.parent_path()), info_(info), file_(path), out_(file_.temporary_path(), O_WRONLY) {
  // A file system without locks is no reason to fail: there, stale files are left alone.
  if (out_) ::flock(out_.get(), LOCK_EX | LOCK_NB);
  write(encode_header(info_));
}

void CacheFileWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(out_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Error(
          ErrorKind::kIo,
          fmt::format("cannot write {} bytes of frames into the cache folder {}: {}; free space there, "
                      "or take another folder",
                      file_bytes(info_), folder_.string(), std::strerror(errno)));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void CacheFileWriter::write_frame(std::span<const uint8_t> rgb) {
  if (static_cast<int64_t>(rgb.size()) != frame_bytes(info_)) {
    throw Error(ErrorKind::kInternal,
                fmt::format("a frame of {} bytes for the cache, where {} were announced", rgb.size(),
                            frame_bytes(info_)));
  }
  write({reinterpret_cast<const char*>(rgb.data()), rgb.size()});
  ++frames_written_;
}

void CacheFileWriter::commit() {
  if (frames_written_ != info_.frame_count) {
    throw Error(ErrorKind::kInternal,
                fmt::format("{} frames were written to the cache, where {} were announced", frames_written_,
                            info_.frame_count));
  }
  file_.commit();
}

void remove_stale_files(const std::filesystem::path& folder) {
  using Clock = std::filesystem::file_time_type::clock;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!is_temporary(entry->path())) continue;
    std::error_code ignored;
    const auto time = std::filesystem::last_write_time(entry->path(), ignored);
    if (ignored || time > Clock::now() - std::chrono::minutes(1) || is_locked(entry->path())) continue;
    std::filesystem::remove(entry->path(), ignored);
  }
}

}  // namespace relevid::train
