// SPDX-License-Identifier: Apache-2.0
#include "audit/extremes.h"

#include <algorithm>
#include <functional>

#include "audit/observations.h"
#include "audit/profile.h"

namespace relevid::audit {

using run::ClipRow;
using run::Condition;
using run::RunReader;
using run::VideoRecord;

namespace {

/// The border ratio of shares; nullopt where there is no relevance.
std::optional<double> ratio_of(std::span<const double> shares) {
  const auto profile = scaled_profile(shares);
  if (!profile) return std::nullopt;
  const int64_t frames = std::ssize(*profile), k = main_border_width(frames);
  return border_share(*profile, k) * static_cast<double>(frames) / (2.0 * static_cast<double>(k));
}

using Order = std::function<bool(const Extreme&, const Extreme&)>;

bool is_stronger(const Extreme& a, const Extreme& b) {
  if (a.border_ratio != b.border_ratio) return a.border_ratio > b.border_ratio;
  return a.video.index < b.video.index;
}

bool is_weaker(const Extreme& a, const Extreme& b) {
  if (a.border_ratio != b.border_ratio) return a.border_ratio < b.border_ratio;
  return a.video.index < b.video.index;
}

/// The first few of all that come, in order.
class FirstFew {
 public:
  FirstFew(Order order, int64_t most) : order_(std::move(order)), most_(most) {}

  void add(const Extreme& extreme) {
    list_.insert(std::ranges::upper_bound(list_, extreme, order_), extreme);
    if (std::ssize(list_) > most_) list_.pop_back();
  }
  std::vector<Extreme>& list() { return list_; }

 private:
  Order order_;
  int64_t most_;
  std::vector<Extreme> list_;
};

std::optional<Extreme> extreme_of(const VideoRecord& record, int64_t condition) {
  const auto& found = record.by_condition[static_cast<size_t>(condition)];
  if (!found) return std::nullopt;
  const auto ratio = ratio_of(found->shares);
  if (!ratio) return std::nullopt;
  Extreme extreme{record.video, found->predicted, std::nullopt, *ratio, {}};
  if (record.video.label != kUnlabelled) extreme.right = found->right1;
  return extreme;
}

enum class End { kStrongest, kWeakest };

ClipRow clip_to_show(const std::vector<ClipRow>& clips, End end) {
  const ClipRow* best = nullptr;
  double best_ratio = 0;
  for (const ClipRow& clip : clips) {
    const auto ratio = ratio_of(clip.shares);
    if (!ratio) continue;
    if (best && (end == End::kStrongest ? *ratio <= best_ratio : *ratio >= best_ratio)) continue;
    best = &clip;
    best_ratio = *ratio;
  }
  return best ? *best : ClipRow{};
}

}  // namespace

Extremes find_extremes(RunReader& reader, int64_t most) {
  const auto& conditions = reader.manifest().conditions;
  const Condition base{std::nullopt, settings_of(reader.manifest()).base_interval, 0};
  const int64_t condition = std::ranges::find(conditions, base) - conditions.begin();
  FirstFew strongest(is_stronger, most), weakest(is_weaker, 2 * most);  // the strongest may be among these
  int64_t count = 0;
  reader.for_each_video([&](const VideoRecord& record) {
    const auto extreme = extreme_of(record, condition);
    if (!extreme) return;
    ++count;
    strongest.add(*extreme);
    weakest.add(*extreme);
  });
  Extremes result{std::move(strongest.list()), {}};
  result.strongest.resize(static_cast<size_t>(std::min(most, (count + 1) / 2)));
  for (const Extreme& extreme : weakest.list()) {
    const bool taken = std::ranges::any_of(
        result.strongest, [&](const Extreme& one) { return one.video.index == extreme.video.index; });
    if (!taken && std::ssize(result.weakest) < std::min(most, count / 2)) result.weakest.push_back(extreme);
  }
  for (Extreme& one : result.strongest)
    one.clip = clip_to_show(reader.clips_of(one.video.index, condition), End::kStrongest);
  for (Extreme& one : result.weakest)
    one.clip = clip_to_show(reader.clips_of(one.video.index, condition), End::kWeakest);
  return result;
}

}  // namespace relevid::audit
