// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// Where one layer's relevance went, summed over its elements:
/// incoming = outgoing + absorbed_by_bias + absorbed_by_epsilon + dropped.
/// Number: double for one clip, std::vector<double> for the items of a batch.
template <class Number>
struct LayerBalance {
  std::string name, op, rule;
  Number incoming{}, outgoing{};
  Number absorbed_by_bias{}, absorbed_by_epsilon{};
  Number dropped{};  ///< in a border that Pad made, or where gamma finds an output of exactly 0
};

/// Of one clip.
using LayerAccount = LayerBalance<double>;

}  // namespace relevid
