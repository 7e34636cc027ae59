// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "clips/names.h"
#include "relevid/error.h"

namespace relevid {

using Json = nlohmann::json;

/// How deep arrays and objects are nested in JSON.
inline int64_t nesting(std::string_view json) {
  int64_t depth = 0, deepest = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') ++i;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  return deepest;
}

/// Parsed, or discarded where it is no JSON, or is nested so deep that printing or copying it would exhaust
/// the stack; settings are not.
inline Json parse_json(std::string_view text) {
  constexpr int64_t kDeepest = 64;
  return nesting(text) > kDeepest ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

/// A JSON object and where it came from; every complaint, an Error(kCorruptInput), names both.
class JsonReader {
 public:
  /// Throws where `text` is no JSON object.
  static JsonReader parse(std::string_view text, std::string_view where) { return {parse_json(text), where}; }
  /// Of JSON that is parsed, or that could not be. Throws where it is no object.
  JsonReader(Json json, std::string_view where) : where_(where), json_(std::move(json)) {
    if (json_.is_discarded() || !json_.is_object()) {
      throw Error(ErrorKind::kCorruptInput, fmt::format("{}: not a JSON object", where_));
    }
  }

  [[noreturn]] void fail(std::string_view key, std::string_view message) const {
    throw Error(ErrorKind::kCorruptInput, fmt::format("{}: \"{}\" {}", where_, key, message));
  }
  [[noreturn]] void fail_found(std::string_view key, std::string_view accepted) const {
    fail(key, fmt::format("must be {}, not {}", accepted, json_.at(std::string(key)).dump()));
  }

  /// Present and not null.
  bool has(const std::string& key) const { return json_.contains(key) && !json_.at(key).is_null(); }
  const Json& at(const std::string& key) const {
    if (!has(key)) fail(key, "is missing");
    return json_.at(key);
  }

  std::string text(const std::string& key) const {
    if (!at(key).is_string()) fail_found(key, "a text");
    return at(key).get<std::string>();
  }
  double number(const std::string& key) const {
    if (!at(key).is_number()) fail_found(key, "a number");
    return at(key).get<double>();
  }
  int64_t whole(const std::string& key, int64_t smallest = 1) const {
    const Json& value = at(key);
    if (!is_whole(value) || value.get<int64_t>() < smallest) {
      fail_found(key, fmt::format("a whole number from {}", smallest));
    }
    return value.get<int64_t>();
  }
  template <size_t kCount>
  std::array<double, kCount> numbers(const std::string& key) const {
    const Json& value = at(key);
    const auto is_number = [](const Json& entry) { return entry.is_number(); };
    if (!value.is_array() || value.size() != kCount || !std::all_of(value.begin(), value.end(), is_number)) {
      fail_found(key, fmt::format("a list of {} numbers", kCount));
    }
    return value.get<std::array<double, kCount>>();
  }
  template <class Enum, size_t kCount>
  Enum word(const std::string& key, const NameTable<Enum, kCount>& table) const {
    return checked(key, [&] { return value_in(table, "value", text(key)); });
  }
  /// Runs `read`; its Error(kInvalidArgument) becomes a complaint about this key.
  template <class F>
  auto checked(const std::string& key, F&& read) const {
    try {
      return read();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInvalidArgument) throw;
      fail(key, fmt::format("has an {}", error.what()));
    }
  }

  static bool is_whole(const Json& value) { return value.is_number_integer() && value.get<int64_t>() >= 0; }

  /// A warning for each key that is not among these.
  std::vector<std::string> unknown_keys(const std::vector<std::string>& known) const {
    std::vector<std::string> warnings;
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      warnings.push_back(
          fmt::format("{}: unknown key \"{}\" is not used{}", where_, key, did_you_mean(key, known)));
    }
    return warnings;
  }

  const std::string& where() const { return where_; }

 private:
  std::string where_;
  Json json_;
};

}  // namespace relevid
