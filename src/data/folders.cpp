// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "data/formats.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

using std::filesystem::path;

std::string extension_of(const path& file) {
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool is_image_name(const path& file) {
  static constexpr std::array<std::string_view, 8> kExtensions = {".png",  ".jpg",  ".jpeg", ".bmp",
                                                                  ".webp", ".tiff", ".tif",  ".ppm"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension_of(file)) != kExtensions.end();
}

/// What is in a folder, hidden names aside, sorted by name.
struct Listing {
  std::vector<path> folders, videos;
  bool images = false;
};

Listing list(const path& folder) {
  Listing listing;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const path& found = entry->path();
    if (found.filename().string().starts_with('.')) continue;
    std::error_code ignored;
    if (entry->is_directory(ignored)) {
      listing.folders.push_back(found);
    } else if (is_video_name(found)) {
      listing.videos.push_back(found);
    } else {
      listing.images |= is_image_name(found);
    }
  }
  if (error) {
    throw Error(ErrorKind::kIo,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.videos.begin(), listing.videos.end());
  return listing;
}

constexpr int kMaxDepth = 16;  // links may lead round in a circle

/// The videos below a folder: files, and folders of images.
void collect(const path& folder, int depth, std::vector<path>& videos) {
  if (depth > kMaxDepth) return;
  const Listing listing = list(folder);
  videos.insert(videos.end(), listing.videos.begin(), listing.videos.end());
  for (const path& below : listing.folders) collect(below, depth + 1, videos);
  if (listing.images && listing.videos.empty() && listing.folders.empty()) videos.push_back(folder);
}

DataRow row_of(const path& root, const path& video) {
  DataRow row;
  row.path = video;
  row.name = video.lexically_relative(root).string();
  return row;
}

}  // namespace

const std::vector<std::string>& video_extensions() {
  static const std::vector<std::string> kExtensions = {".mp4", ".avi", ".mkv",  ".mov", ".webm",
                                                       ".m4v", ".mpg", ".mpeg", ".wmv", ".flv",
                                                       ".ogv", ".ts",  ".3gp",  ".gif"};
  return kExtensions;
}

bool is_video_name(const path& file) {
  const auto& known = video_extensions();
  return std::find(known.begin(), known.end(), extension_of(file)) != known.end();
}

DataSet read_folders(const path& folder, const DataSetOptions& options) {
  const Listing top = list(folder);
  DataSet data;
  data.format = DataFormat::kFolders;
  for (const path& class_folder : top.folders) {
    std::vector<path> videos;
    const std::string class_name = class_folder.filename().string();
    for (const path& below : list(class_folder).folders) collect(below, 2, videos);
    for (const path& video : list(class_folder).videos) videos.push_back(video);
    std::sort(videos.begin(), videos.end());
    if (videos.empty()) data.warnings.push_back(fmt::format("{} holds no video", class_folder.string()));
    data.class_names.push_back(class_name);
    for (const path& video : videos) {
      data.rows.push_back(row_of(folder, video));
      data.rows.back().label_name = class_name;
    }
  }
  data.detected = fmt::format("a folder per class: {} classes", data.class_names.size());
  if (data.rows.empty()) {
    data.class_names.clear();
    data.warnings.clear();
    data.detected = "a folder of videos without classes";
    for (const path& video : top.videos) data.rows.push_back(row_of(folder, video));
    return data;
  }
  if (!top.videos.empty()) {
    data.warnings.push_back(
        fmt::format("{} videos lie beside the folders of classes ({}, ...) and are left out",
                    top.videos.size(), top.videos.front().filename().string()));
  }
  label_by_name(data, folder, options);
  return data;
}

}  // namespace relevid::data
