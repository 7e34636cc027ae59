// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "relevid/explain.h"

namespace relevid {

std::optional<PositionShare> position_share(const Explanation& e) {
  const auto account = relevance_account(e);
  if (e.position.elements() == 0 || !account || account->start == 0) return std::nullopt;
  const Shape& shape = e.position.shape();
  const int64_t times = shape[1], places = shape[2] * shape[3];
  PositionShare result{0, std::vector<double>(static_cast<size_t>(times), 0.0),
                       std::vector<double>(static_cast<size_t>(places), 0.0), shape[2], shape[3]};
  const auto values = e.position.values<float>();
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const double share = static_cast<double>(values[static_cast<size_t>(i)]) / account->start;
    result.share += share;
    result.by_time[static_cast<size_t>(i / places % times)] += share;
    result.by_place[static_cast<size_t>(i % places)] += share;
  }
  return result;
}

}  // namespace relevid
