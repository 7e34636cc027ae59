// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "relevid/layer_account.h"

namespace relevid {

/// Of a layer, per item of the batch.
using LayerFlow = LayerBalance<std::vector<double>>;

/// The same layer, with `convert` of each of its numbers.
template <class Number, class Convert>
auto converted(const LayerBalance<Number>& layer, Convert&& convert) {
  using Result = decltype(convert(layer.incoming));
  return LayerBalance<Result>{layer.name,
                              layer.op,
                              layer.rule,
                              convert(layer.incoming),
                              convert(layer.outgoing),
                              convert(layer.absorbed_by_bias),
                              convert(layer.absorbed_by_epsilon),
                              convert(layer.dropped)};
}

}  // namespace relevid
