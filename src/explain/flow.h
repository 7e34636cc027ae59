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

}  // namespace relevid
