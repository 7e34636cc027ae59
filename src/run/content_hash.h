// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace relevid::run {

/// SHA-256 of a video's file; of a folder of images, over the names and hashes of its files in order. Throws
/// Error(kIo).
std::string content_hash(const std::filesystem::path& path);

}  // namespace relevid::run
