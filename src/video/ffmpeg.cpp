// SPDX-License-Identifier: Apache-2.0
#include "video/ffmpeg.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <mutex>

namespace relevid {

std::string error_text(int status) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(status, text.data(), text.size());
  return text.data();
}

ErrorKind error_kind(int status, ErrorKind otherwise) {
  switch (status) {
    case AVERROR(ENOMEM):
      return ErrorKind::kResourceLimit;
    case AVERROR(EACCES):
    case AVERROR(EFBIG):
    case AVERROR(EIO):
    case AVERROR(EMFILE):
    case AVERROR(ENOENT):
    case AVERROR(ENOSPC):
      return ErrorKind::kIo;
    default:
      return otherwise;
  }
}

int check(int status, ErrorKind kind, std::string_view doing, const std::filesystem::path& path) {
  if (status >= 0) return status;
  throw Error(error_kind(status, kind), fmt::format("{} {}: {}", doing, path.string(), error_text(status)));
}

std::string file_url(const std::filesystem::path& path) {
  return "file:" + path.string();
}

void silence_log() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

}  // namespace relevid
