// SPDX-License-Identifier: Apache-2.0
#include "tune/scores.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "base/atomic_file.h"
#include "base/input_guard.h"
#include "relevid/error.h"

namespace relevid::tune {
namespace {

using Json = nlohmann::json;

/// "/clips/fps: 4 there, 2 here", one for each value that differs.
std::vector<std::string> differences(const Json& there, const Json& here) {
  std::vector<std::string> all;
  const Json before = there.flatten(), now = here.flatten();
  const auto text = [](const Json& values, const std::string& key) {
    return values.contains(key) ? values.at(key).dump(-1, ' ', false, Json::error_handler_t::replace)
                                : std::string("nothing");
  };
  Json keys = before;
  keys.update(now);
  for (const auto& [key, value] : keys.items()) {
    const std::string was = text(before, key), is = text(now, key);
    if (was != is)
      all.push_back(fmt::format("{}: {} there, {} here", key.empty() ? key : key.substr(1), was, is));
  }
  constexpr size_t kMost = 4;
  if (all.size() > kMost) all.resize(kMost);
  return all;
}

}  // namespace

Scores::Scores(std::filesystem::path path, std::string identity)
    : path_(std::move(path)), identity_(std::move(identity)) {
  if (!path_.empty() && std::filesystem::exists(path_)) read();
}

void Scores::read() {
  Json there;
  try {
    const Json file = Json::parse(read_file(path_, FileRole::kOwnState));
    there = file.at("of");
    for (const Json& row : file.at("scores"))
      scores_[{row.at(0).get<std::string>(), row.at(1).get<std::string>()}] = row.at(2).get<double>();
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{} is not the state of a tuning: {}; take it away to begin anew", path_.string(),
                            error.what()));
  }
  const auto other = differences(there, Json::parse(identity_));
  if (other.empty()) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{} is the state of another tuning ({}); give its settings, another --out, or take "
                          "it away to begin anew",
                          path_.string(), fmt::join(other, "; ")));
}

std::optional<double> Scores::find(const Setting& setting, const std::string& clip) const {
  const auto found = scores_.find({to_string(setting), clip});
  return found == scores_.end() ? std::nullopt : std::optional(found->second);
}

void Scores::put(const Setting& setting, const std::string& clip, double score) {
  scores_[{to_string(setting), clip}] = score;
}

void Scores::save() const {
  if (path_.empty()) return;
  Json rows = Json::array();
  for (const auto& [key, score] : scores_) rows.push_back({key.first, key.second, score});
  write_file_atomically(path_, Json{{"of", Json::parse(identity_)}, {"scores", rows}}.dump());
}

void Scores::remove() const {
  if (!path_.empty()) remove_output(path_);
}

}  // namespace relevid::tune
