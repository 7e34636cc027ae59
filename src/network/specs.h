// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "graph/graph.h"
#include "kernels/specs.h"

namespace relevid {

std::optional<kernels::MaxSpec> max_spec(const graph::Node& node);
kernels::AttentionSpec attention_spec(const graph::Attention& op);
kernels::StandardiseSpec standardise_spec(const graph::Standardise& op);

}  // namespace relevid
