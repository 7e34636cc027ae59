// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "statistics/chance.h"

namespace relevid::statistics {

/// Accuracy against chance, as the reports of audits and evaluations have it.
nlohmann::ordered_json chance_json(const Chance& chance, std::span<const std::string> class_names);

}  // namespace relevid::statistics
