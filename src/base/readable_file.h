// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace relevid {

/// A file open for reading from any place, straight into the memory where the bytes belong. A mapping would
/// have them copied as well, since numbers inside a model's file lie on no boundary of theirs, would count as
/// memory of this process, and would end it where another process shortens the file meanwhile. Noted as an
/// input.
class ReadableFile {
 public:
  /// Throws Error(kIo) where it is missing, a folder, or unreadable.
  explicit ReadableFile(std::filesystem::path path);
  ~ReadableFile();
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size_bytes() const { return size_bytes_; }
  /// Open for as long as this lives; its place in the file is the caller's.
  int descriptor() const { return descriptor_; }
  /// Fills `to` with the bytes from `offset` on. Throws Error(kCorruptInput) where the file ends before that.
  void read(uint64_t offset, std::span<std::byte> to) const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  uint64_t size_bytes_ = 0;
};

}  // namespace relevid
