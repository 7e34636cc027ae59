// SPDX-License-Identifier: Apache-2.0
#include "train/cache_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <system_error>
#include <utility>
#include <vector>

#include "relevid/error.h"
#include "train/cache_file.h"

namespace relevid::train {
namespace {

constexpr size_t kHashLength = 64;

/// The key of a file of the cache, or "" for any other file.
std::string key_in(const std::filesystem::path& file) {
  std::string key = file.stem().string();
  const bool is_key = key.find_first_not_of("0123456789abcdef") == kHashLength && key[kHashLength] == '-';
  return is_key && file.extension() == kCacheFileExtension ? key : std::string();
}

double mebibytes(int64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace

CacheBudget::CacheBudget(std::filesystem::path folder, int64_t limit_bytes, int64_t video_count)
    : folder_(std::move(folder)), limit_bytes_(limit_bytes), video_count_(video_count) {
  list_others();
}

std::filesystem::path CacheBudget::file_of(std::string_view key) const {
  return folder_ / fmt::format("{}{}", key, kCacheFileExtension);
}

void CacheBudget::reserve(const std::string& key, int64_t bytes, const std::filesystem::path& video) {
  const std::lock_guard lock(mutex_);
  if (own_.contains(key)) return;
  if (own_bytes_ + bytes > limit_bytes_) throw_too_large(own_bytes_ + bytes, video);
  own_.emplace(key, bytes);
  own_bytes_ += bytes;
  if (const auto other = others_.find(key); other != others_.end()) {
    others_bytes_ -= other->second.bytes;
    others_.erase(other);
  }
  if (own_bytes_ + others_bytes_ > limit_bytes_) evict_others();
}

void CacheBudget::release(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto own = own_.find(key);
  if (own == own_.end()) return;
  own_bytes_ -= own->second;
  own_.erase(own);
}

void CacheBudget::list_others() {
  others_.clear();
  others_bytes_ = 0;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder_, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string key = key_in(entry->path());
    if (key.empty() || own_.contains(key)) continue;
    std::error_code no_size, no_time;
    const auto bytes = static_cast<int64_t>(entry->file_size(no_size));
    const auto opened = entry->last_write_time(no_time);
    if (no_size || no_time) continue;  // another process has just deleted it
    others_.emplace(key, Other{opened, bytes});
    others_bytes_ += bytes;
  }
}

void CacheBudget::evict_others() {
  list_others();
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> by_age;
  for (const auto& [key, other] : others_) by_age.emplace_back(other.opened, key);
  std::sort(by_age.begin(), by_age.end());
  for (const auto& [opened, key] : by_age) {
    if (own_bytes_ + others_bytes_ <= limit_bytes_) return;
    std::error_code error;
    std::filesystem::remove(file_of(key), error);
    if (error) {
      throw Error(ErrorKind::kIo, fmt::format("cannot delete {} to keep the frame cache below its limit: {}",
                                              file_of(key).string(), error.message()));
    }
    others_bytes_ -= others_.at(key).bytes;
    others_.erase(key);
  }
}

void CacheBudget::throw_too_large(int64_t total, const std::filesystem::path& video) const {
  const auto opened = static_cast<int64_t>(own_.size()) + 1;
  const int64_t videos = std::max(video_count_, opened);
  const double needed = mebibytes(total) / static_cast<double>(opened) * static_cast<double>(videos);
  throw Error(
      ErrorKind::kResourceLimit,
      fmt::format("the frames of {} videos, {} the last, take {} bytes ({:.1f} MiB) in the frame cache "
                  "{}, which may hold {} bytes ({:.1f} MiB); all {} videos need about {:.0f} MiB: raise "
                  "--cache-limit, or resize to a smaller size",
                  opened, video.string(), total, mebibytes(total), folder_.string(), limit_bytes_,
                  mebibytes(limit_bytes_), videos, std::ceil(needed)));
}

}  // namespace relevid::train
