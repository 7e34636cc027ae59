// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_resume.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::cli {

bool is_done(const std::filesystem::path& folder, const std::string& stem, const std::string& input,
             const std::string& model_sha256, const std::string& settings_json) {
  const auto settings = nlohmann::json::parse(settings_json);
  const size_t wanted = settings.at("targets").size();
  size_t found = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name != stem + ".json" && !(name.starts_with(stem + ".target-") && name.ends_with(".json"))) continue;
    std::ifstream file(entry.path());
    const auto record = nlohmann::json::parse(file, nullptr, false);
    if (!record.is_object() || record.value("input", "") != input ||
        record.value("settings", nlohmann::json()) != settings)
      continue;
    if (record.value("/model/sha256"_json_pointer, "") != model_sha256) continue;
    // Two targets may have been one class, which has one record.
    found += record.value("targets_in_run", size_t{1}) < wanted && wanted > 1 ? wanted : 1;
  }
  return found >= wanted;
}

void require_writable_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo, fmt::format("cannot make folder {}: {}", folder.string(), error.message()));
  }
  const AtomicFile probe(folder / "probe");  // removed again, because it is never committed
}

}  // namespace relevid::cli
