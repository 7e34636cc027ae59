// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace relevid {

/// SHA-256 of a file's bytes, in lower-case hexadecimal. Throws Error(kIo).
std::string sha256_of_file(const std::filesystem::path& path);

/// SHA-256 of these bytes, in lower-case hexadecimal.
std::string sha256_of_bytes(std::string_view bytes);

}  // namespace relevid
