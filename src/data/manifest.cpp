// SPDX-License-Identifier: Apache-2.0
#include "data/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::data {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;  // of what is drawn: another number, other videos from the same settings

Json settings_of(const GenerateOptions& options) {
  return {{"seed", options.seed},
          {"classes", name(options.classes)},
          {"background", name(options.background)},
          {"size", options.size_pixels},
          {"frames", options.frames},
          {"fps", options.fps},
          {"speed-min", options.speed_min},
          {"speed-max", options.speed_max},
          {"shake", options.shake_pixels},
          {"noise", options.noise_levels},
          {"textures", options.textures},
          {"val-share", options.validation_share},
          {"crf", options.crf}};
}

Json manifest_of(const GenerateOptions& options) {
  return {{"relevid_generate", kFormat},
          {"videos", options.videos},
          {"class_names", class_names(options.classes)},
          {"settings", settings_of(options)}};
}

Json parse(const std::filesystem::path& path) {
  Json manifest = Json::parse(read_file(path, FileRole::kOwnState), nullptr, false);
  if (!manifest.is_object() || !manifest.contains("relevid_generate") || !manifest.contains("settings") ||
      !manifest["settings"].is_object() || !manifest.contains("videos") ||
      !manifest["videos"].is_number_integer()) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} is no manifest of generated videos; give another folder", path.string()));
  }
  return manifest;
}

void require_same(const std::filesystem::path& path, std::string_view setting, const Json& there,
                  const Json& here) {
  if (there == here) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} is of a set with {} {}, not {}; give another folder, or the same settings",
                          path.string(), setting, there.dump(), here.dump()));
}

void require_same_settings(const std::filesystem::path& path, const Json& there,
                           const GenerateOptions& options) {
  require_same(path, "format", there["relevid_generate"], kFormat);
  const Json here = settings_of(options);
  for (const auto& [setting, value] : here.items()) {
    require_same(path, setting, there["settings"].value(setting, Json()), value);
  }
  if (there["videos"].get<int64_t>() > options.videos)
    require_same(path, "videos", there["videos"], options.videos);
}

}  // namespace

void open_manifest(const std::filesystem::path& folder, const GenerateOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const auto path = folder / "manifest.json";
  if (std::filesystem::exists(path, error)) {
    const Json there = parse(path);
    require_same_settings(path, there, options);
    if (there["videos"] == options.videos) return;
  } else if (std::filesystem::exists(folder / "videos", error)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} holds videos, but no manifest.json that says how they were made; give another folder",
                    folder.string()));
  }
  write_file_atomically(path, manifest_of(options).dump(1) + "\n");
}

}  // namespace relevid::data
