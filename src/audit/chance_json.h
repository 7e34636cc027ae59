// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "audit/chance.h"
#include "audit/manifest.h"

namespace relevid::audit {

/// Accuracy against chance, as the reports of audits and evaluations have it.
nlohmann::ordered_json chance_json(const Chance& chance, const Manifest& manifest);

}  // namespace relevid::audit
