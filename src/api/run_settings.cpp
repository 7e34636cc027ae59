// SPDX-License-Identifier: Apache-2.0
#include "api/run_settings.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "api/method_record.h"
#include "base/hash.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using Json = nlohmann::json;

Json settings_of(const run::Manifest& manifest) {
  Json settings = Json::parse(manifest.settings, nullptr, false);
  return settings.is_object() ? settings : Json::object();
}

/// What `read` gets out of the settings; the run is damaged, or of another kind, where that fails.
template <class Read>
auto read_from(const run::Manifest& manifest, Read&& read) {
  try {
    return read(settings_of(manifest));
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("the run does not say how its clips were made and explained: {}", error.what()));
  }
}

void check_rules(const std::string& sha256, const std::filesystem::path& rules_file) {
  if (sha256.empty()) return;
  if (rules_file.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("the run was explained with rules of its own (SHA-256 {}); give their file with "
                            "--rules",
                            sha256));
  }
  const std::string found = sha256_of_file(rules_file);
  if (found == sha256) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} has SHA-256 {}, and the run's rules had {}",
                                                       rules_file.string(), found, sha256));
}

}  // namespace

ModelSettings model_settings_of(const run::Manifest& manifest, const std::filesystem::path& folder) {
  return read_from(manifest, [&](const Json& settings) {
    return parse_settings(settings.at("model_settings").dump(), folder, "the run");
  });
}

Preprocessing shown_preprocessing_of(const run::Manifest& manifest) {
  return read_from(manifest, [](const Json& settings) {
    Json model = settings.at("model_settings");
    model["mean"] = {0, 0, 0};
    Preprocessing shown = parse_settings(model.dump(), {}, "the run").preprocessing;
    shown.scale = 1;
    shown.value_range = {0, 255};
    shown.std = {1, 1, 1};
    shown.colour = Colour::kRgb;
    shown.layout = ClipLayout::kNcthw;
    return shown;
  });
}

MethodOptions method_of(const run::Manifest& manifest, const std::filesystem::path& rules_file) {
  return read_from(manifest, [&](const Json& settings) {
    const Json& method = settings.at("method");
    MethodOptions options = method_from(method);
    const std::string rules = rules_hash_of(method);
    check_rules(rules, rules_file);
    if (!rules.empty()) options.rules_file = rules_file;
    return options;
  });
}

std::string method_name_of(const run::Manifest& manifest) {
  const Json method = settings_of(manifest).value("method", Json());
  if (method.is_string()) return method.get<std::string>();
  const Json name = method.is_object() ? method.value("name", Json()) : Json();
  return name.is_string() ? name.get<std::string>() : "";
}

std::string method_settings_of(const run::Manifest& manifest) {
  const Json method = settings_of(manifest).value("method", Json());
  return method.is_object() ? method.dump(-1, ' ', false, Json::error_handler_t::replace) : "{}";
}

double image_fps_of(const run::Manifest& manifest) {
  const Json fps = settings_of(manifest).value("image_sequence_fps", Json());
  return fps.is_number() ? fps.get<double>() : VideoOptions{}.image_sequence_fps;
}

}  // namespace relevid
