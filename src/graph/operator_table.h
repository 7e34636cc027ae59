// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "graph/model.h"

namespace relevid::graph {

/// Why relevid cannot take a node whatever its inputs are; nothing where it may.
std::optional<std::string> refusal(const ModelNode& node);

}  // namespace relevid::graph
