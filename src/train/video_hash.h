// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "relevid/video.h"

namespace relevid::train {

/// SHA-256, in lower-case hexadecimal, of what a video's frames and times come from: the file's bytes, or for
/// a folder of images their names, their bytes and the rate they are given. Throws Error(kIo).
std::string hash_of_video(const std::filesystem::path& video, const VideoOptions& options);

}  // namespace relevid::train
