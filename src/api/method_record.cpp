// SPDX-License-Identifier: Apache-2.0
#include "api/method_record.h"

#include <string>
#include <type_traits>
#include <utility>

#include "base/hash.h"
#include "relevid/method_fields.h"

namespace relevid {
namespace {

using nlohmann::json;

constexpr const char* kName = "name";
constexpr const char* kRulesHash = "rules_sha256";

/// The rules' file is kept by its hash, as a run may be resumed where the file lies elsewhere.
bool is_rules(const MethodField& field) {
  return field.name == "rules_file";
}

json json_of(const MethodFieldValue& value) {
  return std::visit(
      [](const auto& v) -> json {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(v)>, std::optional<int64_t>>) {
          return v ? json(*v) : json();
        } else {
          return v;
        }
      },
      value);
}

MethodFieldValue value_of(const json& record, const MethodFieldValue& like) {
  return std::visit(
      [&](const auto& v) -> MethodFieldValue {
        using T = std::remove_cvref_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::optional<int64_t>>) {
          return record.is_null() ? T{} : T{record.get<int64_t>()};
        } else {
          return record.get<T>();
        }
      },
      like);
}

/// What earlier versions called a setting; "" where it has not changed.
std::string_view former_name(std::string_view name) {
  return name == "window_stride" ? "stride" : "";
}

}  // namespace

json method_record(const MethodOptions& method, Start start) {
  MethodOptions made = method;
  made.start = start;
  json record = {{kName, method.method}};
  for (const MethodField& field : method_fields()) {
    if (field.effect == MethodField::Effect::kSpeed || !field.is_taken_by(method.method)) continue;
    if (is_rules(field)) {
      record[kRulesHash] = method.rules_file.empty() ? "" : sha256_of_file(method.rules_file);
    } else {
      record[std::string(field.name)] = json_of(field.get(made));
    }
  }
  return record;
}

MethodOptions method_from(const json& record) {
  MethodOptions options;
  record.at(kName).get_to(options.method);
  for (const MethodField& field : method_fields()) {
    if (is_rules(field)) continue;
    auto found = record.find(std::string(field.name));
    if (found == record.end()) found = record.find(std::string(former_name(field.name)));
    if (found != record.end()) field.set(options, value_of(*found, field.get(options)));
  }
  return options;
}

std::string rules_hash_of(const json& record) {
  return record.value(kRulesHash, "");
}

}  // namespace relevid
