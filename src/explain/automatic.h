// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "graph/graph.h"

namespace relevid {

/// The name that stands for the method of automatic_method.
inline constexpr std::string_view kAutomatic = "auto";

/// Whether the node sums values with weights that are computed: an Attention, or the product that is left of
/// one whose scores hold more than an Attention's (MViT v2).
bool attends(const graph::Node& node);
/// Whether the network has attention and layer norms.
bool is_transformer(const graph::Graph& graph);

/// The method that answers best which frames and pixels count for the class that is asked for, by what was
/// measured: docs/user/methods.md has the numbers. epsilon_plus_flat for convolutional networks, value_path
/// for transformers.
std::string automatic_method(const graph::Graph& graph);

}  // namespace relevid
