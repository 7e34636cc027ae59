// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_resume.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

bool is_record_name(const std::string& name, const std::string& stem) {
  const bool ours =
      name == stem + ".json" || name.starts_with(stem + ".target-") || name.starts_with(stem + ".method-");
  return ours && name.ends_with(".json");
}

}  // namespace

bool is_done(const std::filesystem::path& folder, const std::string& stem, const std::string& input,
             const std::string& model_sha256, std::span<const std::string> settings_json) {
  std::map<nlohmann::json, int64_t> missing;  // records of each method's settings
  for (const std::string& settings : settings_json) missing[nlohmann::json::parse(settings)] = 1;
  std::map<nlohmann::json, int64_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (!is_record_name(entry.path().filename().string(), stem)) continue;
    std::ifstream file(entry.path());
    const auto record = nlohmann::json::parse(file, nullptr, false);
    if (!record.is_object() || record.value("input", "") != input ||
        record.value("/model/sha256"_json_pointer, "") != model_sha256)
      continue;
    const auto wanted = missing.find(record.value("settings", nlohmann::json()));
    if (wanted == missing.end()) continue;
    ++found[wanted->first];
    // Two targets may have been one class, which has one record.
    wanted->second = record.value("targets_in_run", int64_t{1});
  }
  return std::ranges::all_of(missing,
                             [&](const auto& method) { return found[method.first] >= method.second; });
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
