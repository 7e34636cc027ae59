// SPDX-License-Identifier: Apache-2.0
#include "tune/clips.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "relevid/error.h"
#include "statistics/poisson_weights.h"
#include "statistics/report_numbers.h"

namespace relevid::tune {
namespace {

class Collector {
 public:
  explicit Collector(int64_t wanted) : wanted_(wanted) {}

  bool full() const { return std::ssize(result_.clips) == wanted_; }
  void take(run::VideoOpened&&) { clip_.reset(); }
  void take(run::ClipReady&& ready) { clip_ = std::move(ready.clip); }
  void take(run::VideoClosed&& closed) {
    if (closed.row.state != VideoState::kOk) {
      result_.failures.push_back(std::move(closed.row));
    } else if (!contents_.insert(closed.row.sha256).second) {
      ++result_.copies;
    } else if (clip_) {
      result_.clips.push_back({std::move(closed.row), std::move(*clip_)});
    }
    clip_.reset();
  }
  int64_t taken() const { return std::ssize(result_.clips); }
  TuningClips result() && { return std::move(result_); }

 private:
  int64_t wanted_;
  TuningClips result_;
  std::set<std::string> contents_;
  std::optional<Tensor> clip_;
};

void require_enough(const TuningClips& clips) {
  constexpr int64_t kFewest = 2 * kFewestClips;
  if (std::ssize(clips.clips) >= kFewest) return;
  std::string why;
  if (!clips.failures.empty()) {
    why = fmt::format("; {} could not be taken, such as {}: {}",
                      statistics::counted(std::ssize(clips.failures), "video"), clips.failures.front().name,
                      clips.failures.front().error);
  }
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("tuning needs {} different videos, {} to choose on and {} to show the gain on, and "
                          "the data set gives {}{}",
                          kFewest, kFewestClips, kFewestClips, clips.clips.size(), why));
}

void deal(TuningClips& clips) {
  statistics::Halves halves;
  for (const TuningClip& clip : clips.clips) halves.add(clip.video.sha256, clip.video.label);
  halves.deal();
  for (TuningClip& clip : clips.clips) clip.half = halves.of(clip.video.sha256);
}

}  // namespace

std::vector<int64_t> order_of_videos(const DataSet& data, uint64_t seed) {
  using Drawn = std::pair<uint64_t, int64_t>;
  std::map<int64_t, std::vector<Drawn>> classes;
  for (int64_t row = 0; row < std::ssize(data.rows); ++row) {
    const DataRow& video = data.rows[static_cast<size_t>(row)];
    classes[video.label].emplace_back(mix(seed, statistics::hash_of_key(video.name)), row);
  }
  size_t largest = 0;
  for (auto& [label, rows] : classes) {
    std::ranges::sort(rows);
    largest = std::max(largest, rows.size());
  }
  std::vector<int64_t> order;
  for (size_t turn = 0; turn < largest; ++turn)
    for (const auto& [label, rows] : classes)
      if (turn < rows.size()) order.push_back(rows[turn].second);
  return order;
}

TuningClips take_clips(const DataSet& data, const run::FeedOptions& options, int64_t per_half, uint64_t seed,
                       const RunControl& control) {
  Collector collector(2 * per_half);
  run::ClipFeed feed(data, order_of_videos(data, seed), options);
  while (!collector.full()) {
    if (control.interrupted()) throw Interrupted{};
    auto item = feed.next();
    if (!item) break;
    std::visit([&](auto& kind) { collector.take(std::move(kind)); }, *item);
    if (control.report) control.report({"reading videos", collector.taken(), 2 * per_half});
  }
  TuningClips clips = std::move(collector).result();
  require_enough(clips);
  deal(clips);
  return clips;
}

}  // namespace relevid::tune
