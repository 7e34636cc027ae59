// SPDX-License-Identifier: Apache-2.0
#include "base/readable_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/input_guard.h"
#include "relevid/error.h"

namespace relevid {

ReadableFile::ReadableFile(std::filesystem::path path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  note_input(path_, "a model or its weights");
  struct stat status {};
  int why = descriptor_ < 0 || ::fstat(descriptor_, &status) != 0 ? errno : 0;
  if (why == 0 && S_ISDIR(status.st_mode)) why = EISDIR;
  if (why != 0) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw Error(ErrorKind::kIo, fmt::format("cannot read {}: {}", path_.string(), std::strerror(why)));
  }
  size_bytes_ = static_cast<uint64_t>(status.st_size);
}

ReadableFile::~ReadableFile() {
  ::close(descriptor_);
}

void ReadableFile::read(uint64_t offset, std::span<std::byte> to) const {
  while (!to.empty()) {
    const ssize_t count = ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error(ErrorKind::kIo, fmt::format("cannot read {}: {}", path_.string(), std::strerror(errno)));
    if (count == 0) {
      throw Error(ErrorKind::kCorruptInput,
                  fmt::format("{} is truncated: {} more bytes are needed at byte {}", path_.string(),
                              to.size(), offset));
    }
    offset += static_cast<uint64_t>(count);
    to = to.subspan(static_cast<size_t>(count));
  }
}

}  // namespace relevid
