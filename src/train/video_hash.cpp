// SPDX-License-Identifier: Apache-2.0
#include "train/video_hash.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "base/hash.h"
#include "relevid/error.h"

namespace relevid::train {
namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::string hash_of_video(const std::filesystem::path& video, const VideoOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(video, ignored)) return sha256_of_file(video);
  std::string content = fmt::format("images at {} frames per second\n", options.image_sequence_fps);
  for (const auto& file : files_in(video)) {
    content += fmt::format("{} {}\n", sha256_of_file(file), file.filename().string());
  }
  return sha256_of_bytes(content);
}

}  // namespace relevid::train
