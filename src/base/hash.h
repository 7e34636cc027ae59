// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace relevid {

/// SHA-256 of a file's bytes, in lower-case hexadecimal. Throws Error(kIo).
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace relevid
