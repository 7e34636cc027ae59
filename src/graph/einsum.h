// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/model.h"

namespace relevid::graph {

/// The equation of an Einsum with every axis named: axes under an ellipsis get digits, counted from the
/// right, and a result that is not stated is written out.
struct Equation {
  std::vector<std::string> operands;
  std::string result;
};

/// Throws Error(kCorruptInput) where it is none, or is none of operands of these ranks.
Equation parse_equation(const ModelNode& node, std::span<const int64_t> ranks);

/// The size of every name's axes; those of an ellipsis that are 1 in one operand take the others'. Throws
/// Error(kCorruptInput) where sizes differ.
std::map<char, int64_t> sizes_of(const ModelNode& node, const Equation& equation,
                                 const std::vector<Shape>& shapes);

}  // namespace relevid::graph
