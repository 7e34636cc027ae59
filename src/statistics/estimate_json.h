// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "statistics/estimate.h"

namespace relevid::statistics {

/// {"value", "low", "high", "standard_error", "videos", "reliable"}; what is not a number becomes null.
nlohmann::ordered_json json(const Estimate& e);
nlohmann::ordered_json json(const std::optional<Estimate>& e);

}  // namespace relevid::statistics
