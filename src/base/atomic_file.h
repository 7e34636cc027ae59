// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace relevid {

/// An output file that appears whole or not at all: written beside its final place, then renamed.
/// Write to temporary_path(), then commit(). Without commit() the destructor removes the temporary file.
/// Throws Error(kIo) where the folder cannot be written or the rename fails, Error(kInvalidArgument) where
/// the final path is an input (base/input_guard.h). Not thread-safe.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path final_path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Same folder and same extension as the final path, so that libraries that go by the extension work.
  const std::filesystem::path& temporary_path() const { return temporary_path_; }

  /// Flushes the file to the disk and renames it to its final name.
  void commit();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  bool committed_ = false;
};

/// Writes `content` to `path` atomically. Throws Error(kIo) naming the path, a full disk included.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// Whether a file that is read is an input, or what this program has written and will write again.
enum class FileRole { kInput, kOwnState };

/// The whole file as a string. Throws Error(kIo) where it is missing, a folder, or unreadable,
/// Error(kResourceLimit) where it does not fit into memory.
std::string read_file(const std::filesystem::path& path, FileRole role = FileRole::kInput);

}  // namespace relevid
