// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "relevid/video.h"

namespace relevid {

/// In which order groups of frames are complete while a video is read once, and how long each frame is
/// needed. Groups complete at once come in their own order.
class GroupSchedule {
 public:
  explicit GroupSchedule(std::span<const std::vector<int64_t>> groups);

  /// All frames of all groups, ascending.
  const std::vector<int64_t>& frames() const { return frames_; }
  size_t size() const { return order_.size(); }
  size_t group(size_t k) const { return order_[k]; }
  int64_t last_frame(size_t k) const { return last_[k]; }
  /// The first frame that the k-th group of that order, or one after it, needs.
  int64_t earliest(size_t k) const { return earliest_[k]; }

 private:
  std::vector<int64_t> frames_, last_, earliest_;
  std::vector<size_t> order_;
};

/// Decodes a video once, keeps `hold(frame)` of each frame of a group for as long as a group needs it, and
/// calls `take(group, span of const Held*)` as soon as the group's last frame is there, its frames in its own
/// order. A group is of indices in any order, repeats allowed, not empty.
template <class Hold, class Take>
void stream_groups(VideoReader& reader, std::span<const std::vector<int64_t>> groups, Hold&& hold,
                   Take&& take) {
  using Held = decltype(hold(std::declval<Frame&&>()));
  const GroupSchedule schedule(groups);
  std::map<int64_t, Held> held;
  std::vector<const Held*> frames;
  size_t next = 0;
  reader.read(schedule.frames(), [&](Frame&& frame) {
    const int64_t index = frame.index;
    held.emplace(index, hold(std::move(frame)));
    for (; next < schedule.size() && schedule.last_frame(next) <= index; ++next) {
      frames.clear();
      for (const int64_t wanted : groups[schedule.group(next)]) frames.push_back(&held.at(wanted));
      take(static_cast<int64_t>(schedule.group(next)), std::span<const Held* const>(frames));
    }
    held.erase(held.begin(), held.lower_bound(schedule.earliest(next)));
  });
}

}  // namespace relevid
