// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace relevid::testing {

/// The inverse of RFC 4648's encoding.
inline std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t word = 0;
  int bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("not base64");
    word = word << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(word >> bits & 255);
  }
  return bytes;
}

/// The `size` bytes that were deflated.
inline std::string inflated(const std::string& bytes, size_t size) {
  std::string result(size, '\0');
  uLongf length = size;
  const int status = uncompress(reinterpret_cast<Bytef*>(result.data()), &length,
                                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (status != Z_OK || length != size) throw std::runtime_error("not what was deflated");
  return result;
}

/// The page's maps back to relevance: R = sign(q) (|q| / 127)² limit.
inline double relevance_of(char quantised, double limit) {
  const double part = static_cast<signed char>(quantised) / 127.0;
  return (part < 0 ? -1 : 1) * part * part * limit;
}

}  // namespace relevid::testing
