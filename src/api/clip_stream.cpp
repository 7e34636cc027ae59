// SPDX-License-Identifier: Apache-2.0
#include "api/clip_stream.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace relevid {
namespace {

int64_t first_frame(const ClipPlan& plan) {
  return *std::ranges::min_element(plan.frame_indices);
}
int64_t last_frame(const ClipPlan& plan) {
  return *std::ranges::max_element(plan.frame_indices);
}

}  // namespace

void stream_clips(VideoReader& reader, std::span<const ClipPlan> plans,
                  const std::function<void(int64_t clip, std::span<const Frame> frames)>& take) {
  std::vector<size_t> order(plans.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return last_frame(plans[i]); });
  // earliest[k]: the first frame that clip k of that order, or one behind it, needs.
  std::vector<int64_t> earliest(plans.size() + 1, std::numeric_limits<int64_t>::max());
  for (size_t k = plans.size(); k-- > 0;)
    earliest[k] = std::min(earliest[k + 1], first_frame(plans[order[k]]));

  std::set<int64_t> needed;
  for (const ClipPlan& plan : plans) needed.insert(plan.frame_indices.begin(), plan.frame_indices.end());
  const std::vector<int64_t> indices(needed.begin(), needed.end());
  std::map<int64_t, Frame> held;
  size_t next = 0;
  reader.read(indices, [&](Frame&& frame) {
    const int64_t index = frame.index;
    held.emplace(index, std::move(frame));
    while (next < order.size() && last_frame(plans[order[next]]) <= index) {
      std::vector<Frame> frames;
      for (const int64_t wanted : plans[order[next]].frame_indices) frames.push_back(held.at(wanted));
      take(static_cast<int64_t>(order[next]), frames);
      ++next;
    }
    held.erase(held.begin(), held.lower_bound(earliest[next]));
  });
}

}  // namespace relevid
