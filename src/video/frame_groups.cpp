// SPDX-License-Identifier: Apache-2.0
#include "video/frame_groups.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>

namespace relevid {

GroupSchedule::GroupSchedule(std::span<const std::vector<int64_t>> groups) : order_(groups.size()) {
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, {}, [&](size_t i) { return std::ranges::max(groups[i]); });
  earliest_.assign(groups.size() + 1, std::numeric_limits<int64_t>::max());
  for (size_t k = groups.size(); k-- > 0;)
    earliest_[k] = std::min(earliest_[k + 1], std::ranges::min(groups[order_[k]]));
  std::set<int64_t> needed;
  for (const size_t i : order_) {
    last_.push_back(std::ranges::max(groups[i]));
    needed.insert(groups[i].begin(), groups[i].end());
  }
  frames_.assign(needed.begin(), needed.end());
}

}  // namespace relevid
