// SPDX-License-Identifier: Apache-2.0
#include "video/frame_groups.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <set>

namespace relevid {
namespace {

int64_t first_frame(const std::vector<int64_t>& group) {
  return *std::ranges::min_element(group);
}
int64_t last_frame(const std::vector<int64_t>& group) {
  return *std::ranges::max_element(group);
}

}  // namespace

void stream_groups(VideoReader& reader, std::span<const std::vector<int64_t>> groups,
                   const std::function<void(int64_t group, std::span<const Frame> frames)>& take) {
  std::vector<size_t> order(groups.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return last_frame(groups[i]); });
  // earliest[k]: the first frame that group k of that order, or one behind it, needs.
  std::vector<int64_t> earliest(groups.size() + 1, std::numeric_limits<int64_t>::max());
  for (size_t k = groups.size(); k-- > 0;)
    earliest[k] = std::min(earliest[k + 1], first_frame(groups[order[k]]));

  std::set<int64_t> needed;
  for (const auto& group : groups) needed.insert(group.begin(), group.end());
  const std::vector<int64_t> indices(needed.begin(), needed.end());
  std::map<int64_t, Frame> held;
  size_t next = 0;
  reader.read(indices, [&](Frame&& frame) {
    const int64_t index = frame.index;
    held.emplace(index, std::move(frame));
    while (next < order.size() && last_frame(groups[order[next]]) <= index) {
      std::vector<Frame> frames;
      for (const int64_t wanted : groups[order[next]]) frames.push_back(held.at(wanted));
      take(static_cast<int64_t>(order[next]), frames);
      ++next;
    }
    held.erase(held.begin(), held.lower_bound(earliest[next]));
  });
}

}  // namespace relevid
