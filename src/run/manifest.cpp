// SPDX-License-Identifier: Apache-2.0
#include "run/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"

namespace relevid::run {
namespace {

using Json = nlohmann::json;

constexpr size_t kNamedDifferences = 3;

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Every value by the path that leads to it.
Json flat(const Manifest& manifest) {
  Json settings = Json::parse(manifest.settings, nullptr, false);
  if (settings.is_discarded()) settings = manifest.settings;
  Json all = {{"relevid_version", manifest.relevid_version},
              {"model_sha256", manifest.model_sha256},
              {"dataset_sha256", manifest.dataset_sha256},
              {"dataset_rows", manifest.dataset_rows},
              {"class_count", manifest.class_count},
              {"clip_len", manifest.clip_len},
              {"settings", std::move(settings)}};
  if (!manifest.class_names.empty()) all["class_names"] = manifest.class_names;
  for (const Condition& condition : manifest.conditions) {
    all["conditions"].push_back({{"kind", name(condition)},
                                 {"frame_interval", condition.frame_interval},
                                 {"shift_frames", condition.shift_frames}});
  }
  return all.flatten();
}

/// "/settings/method" as "settings.method".
std::string dotted(std::string path) {
  path.erase(0, 1);
  std::ranges::replace(path, '/', '.');
  return path;
}

std::string value_at(const Json& flat, const std::string& key) {
  const auto found = flat.find(key);
  return found == flat.end() ? "nothing" : dumped(*found);
}

}  // namespace

std::string dataset_identity(const DataSet& data) {
  Sha256 hash;
  for (const DataRow& row : data.rows) {
    hash.update(fmt::format("{} {} ", row.name.size(), row.label));
    hash.update(row.name);
  }
  return hash.hex();
}

std::vector<std::string> differences(const Manifest& there, const Manifest& here) {
  const Json a = flat(there), b = flat(here);
  std::set<std::string> keys;
  for (const Json* side : {&a, &b}) {
    for (const auto& [key, value] : side->items()) keys.insert(key);
  }
  std::vector<std::string> result, consequences;
  for (const std::string& key : keys) {
    const std::string before = value_at(a, key), now = value_at(b, key);
    if (before == now) continue;
    auto& list = key.starts_with("/conditions") ? consequences : result;  // which follow from the settings
    list.push_back(fmt::format("{}: {} there, {} here", dotted(key), before, now));
  }
  result.insert(result.end(), consequences.begin(), consequences.end());
  return result;
}

std::string summary(const std::vector<std::string>& differences) {
  const size_t named = std::min(kNamedDifferences, differences.size());
  auto text =
      fmt::format("{}", fmt::join(differences.begin(), differences.begin() + static_cast<long>(named), "; "));
  if (differences.size() > named) text += fmt::format("; and {} more", differences.size() - named);
  return text;
}

}  // namespace relevid::run
