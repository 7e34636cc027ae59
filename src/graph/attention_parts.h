// SPDX-License-Identifier: Apache-2.0
// What the operators that stand for a whole attention are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/expansion.h"

namespace relevid::graph {

/// Names of [batch, heads, tokens, size] each.
struct AttentionParts {
  std::string queries, keys, values;
  double scale = 1;
  double softcap = 0;              ///< scores become softcap tanh(score / softcap); 0: they stay
  std::vector<std::string> masks;  ///< added to the scores
};
/// softmax(scale queries keysᵀ + masks) values.
std::string emit_attention(Expansion& expand, const AttentionParts& parts);

/// [batch, tokens, heads * size] as [batch, heads, tokens, size].
std::string split_heads(Expansion& expand, const std::string& x, int64_t heads);
/// And back.
std::string merge_heads(Expansion& expand, const std::string& x);

}  // namespace relevid::graph
