// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace relevid {

/// SHA-256 of bytes that come piece by piece. Movable; not thread-safe.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  /// In lower-case hexadecimal; starts again.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a file's bytes, in lower-case hexadecimal; empty where `stop` was set before its end. Throws
/// Error(kIo).
std::string sha256_of_file(const std::filesystem::path& path, const std::atomic<bool>* stop = nullptr);

/// SHA-256 of these bytes, in lower-case hexadecimal.
std::string sha256_of_bytes(std::string_view bytes);

}  // namespace relevid
