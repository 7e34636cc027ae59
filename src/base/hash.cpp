// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <fmt/format.h>
#include <nettle/sha2.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

#include "relevid/error.h"

namespace relevid {
namespace {

void update(sha256_ctx& context, std::string_view bytes) {
  sha256_update(&context, bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()));
}

std::string hexadecimal_digest(sha256_ctx& context) {
  std::array<uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&context, digest.size(), digest.data());
  std::string hex;
  for (const uint8_t byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  const auto fail = [&path] {
    throw Error(ErrorKind::kIo, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  };
  std::ifstream file(path, std::ios::binary);
  if (!file) fail();
  sha256_ctx context;
  sha256_init(&context);
  std::vector<char> block(1 << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    update(context, {block.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad()) fail();
  return hexadecimal_digest(context);
}

std::string sha256_of_bytes(std::string_view bytes) {
  sha256_ctx context;
  sha256_init(&context);
  update(context, bytes);
  return hexadecimal_digest(context);
}

}  // namespace relevid
