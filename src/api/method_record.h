// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "relevid/explain.h"

namespace relevid {

/// Every setting of a method by its final value, as runs keep them. The file of rules by its hash; threads,
/// which change no more than the last bits, and batches are left out.
nlohmann::json method_record(const MethodOptions& method, Start start);
/// What method_record wrote, without the rules. Throws nlohmann::json::exception where a setting is missing.
MethodOptions method_from(const nlohmann::json& record);

}  // namespace relevid
