// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <stdexcept>
#include <system_error>

#include "base/input_guard.h"
#include "relevid/error.h"

namespace relevid {
namespace {

class FileDescriptor {
 public:
  FileDescriptor(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail(std::string_view doing, const std::filesystem::path& path) {
  throw Error(ErrorKind::kIo, fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno)));
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path final_path) : final_path_(std::move(final_path)) {
  require_no_input(final_path_);
  // Another writer of the same file, or a killed one that had this process id, must not be written over.
  constexpr int kMaxAttempts = 1000;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    temporary_path_ =
        final_path_.parent_path() / fmt::format(".{}.{}-{}.part{}", final_path_.stem().string(), ::getpid(),
                                                attempt, final_path_.extension().string());
    const FileDescriptor file(temporary_path_, O_WRONLY | O_CREAT | O_EXCL);
    if (file.get() >= 0) return;
    if (errno != EEXIST) break;
  }
  fail("cannot create a file for", final_path_);
}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  std::error_code ignored;
  std::filesystem::remove(temporary_path_, ignored);
}

void AtomicFile::commit() {
  require_no_input(final_path_);  // it may have been opened meanwhile
  const FileDescriptor file(temporary_path_, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) fail("cannot flush", final_path_);
  std::error_code error;
  std::filesystem::rename(temporary_path_, final_path_, error);
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot rename to {}: {}", final_path_.string(), error.message()));
  }
  committed_ = true;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  AtomicFile file(path);
  {
    const FileDescriptor out(file.temporary_path(), O_WRONLY | O_TRUNC);
    if (out.get() < 0) fail("cannot write", path);
    while (!content.empty()) {
      const ssize_t written = ::write(out.get(), content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail("cannot write", path);
      content.remove_prefix(static_cast<size_t>(written));
    }
  }
  file.commit();
}

std::string read_file(const std::filesystem::path& path, FileRole role) try {
  if (role == FileRole::kInput) note_input(path, "an input");
  const FileDescriptor file(path, O_RDONLY);
  if (file.get() < 0) fail("cannot read", path);
  std::string content;
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  if (!ignored) content.reserve(size);
  char block[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("cannot read", path);
    if (count == 0) return content;
    content.append(block, static_cast<size_t>(count));
  }
} catch (const std::bad_alloc&) {
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("{} is too large to be read into memory", path.string()));
} catch (const std::length_error&) {
  throw Error(ErrorKind::kResourceLimit,
              fmt::format("{} is too large to be read into memory", path.string()));
}

}  // namespace relevid
