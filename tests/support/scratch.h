// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/error.h"

namespace relevid::testing {

/// A fresh folder, removed with all it holds at the end of the scope.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "relevid_test_XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder: " + pattern);
    path_ = pattern;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

  /// The names of everything in it, hidden files included.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Lowers one of this process's resource limits (see setrlimit) within its scope.
class ResourceLimit {
 public:
  ResourceLimit(int resource, rlim_t value) : resource_(resource) {
    ::getrlimit(resource_, &old_);
    const rlimit limit{.rlim_cur = value, .rlim_max = old_.rlim_max};
    if (::setrlimit(resource_, &limit) != 0) throw std::runtime_error("the resource limit could not be set");
  }
  ~ResourceLimit() { ::setrlimit(resource_, &old_); }
  ResourceLimit(const ResourceLimit&) = delete;
  ResourceLimit& operator=(const ResourceLimit&) = delete;

 private:
  int resource_;
  rlimit old_{};
};

/// Within its scope no file of this process may grow past `size_bytes`, which is how a full disk looks to a
/// writer.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size_bytes)
      : old_handler_(std::signal(SIGXFSZ, SIG_IGN)), limit_(RLIMIT_FSIZE, size_bytes) {}
  ~FullDisk() { std::signal(SIGXFSZ, old_handler_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*old_handler_)(int);
  ResourceLimit limit_;
};

/// Calls `action`, which must throw a relevid::Error of this kind, and returns its message.
template <class Action>
std::string message_of(ErrorKind kind, Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << name(error.kind()) << ": " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no " << name(kind) << " was thrown";
  return {};
}

}  // namespace relevid::testing
