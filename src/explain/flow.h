// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace relevid {

/// Where one layer's relevance went, summed over its elements, per item of the batch:
/// incoming = outgoing + absorbed_by_bias + absorbed_by_epsilon + dropped.
struct LayerFlow {
  std::string name, op, rule;
  std::vector<double> incoming, outgoing;
  std::vector<double> absorbed_by_bias, absorbed_by_epsilon;
  std::vector<double> dropped;  ///< in a border that Pad made, or where gamma finds an output of exactly 0
};

/// into += scale values, per item; an empty `into` is zeros.
inline void add_scaled(std::vector<double>& into, const std::vector<double>& values, double scale) {
  if (into.empty()) into.assign(values.size(), 0.0);
  for (size_t i = 0; i < into.size(); ++i) into[i] += scale * values[i];
}

}  // namespace relevid
