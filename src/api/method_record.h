// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "relevid/explain.h"

namespace relevid {

/// The method's "name" and every setting that its relevance depends on, by its final value: the
/// method_fields() that it listens to, with `start` as the one it takes. The file of rules by its hash,
/// "rules_sha256".
nlohmann::json method_record(const MethodOptions& method, Start start);
/// What method_record wrote, now or in an earlier version, without the rules; settings that are not there
/// have their defaults. Throws nlohmann::json::exception where the name is missing or a setting is of another
/// kind, Error(kInvalidArgument) where one is out of range.
MethodOptions method_from(const nlohmann::json& record);
/// "" where no rules were given.
std::string rules_hash_of(const nlohmann::json& record);

}  // namespace relevid
