// SPDX-License-Identifier: Apache-2.0
#include "audit/survey.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "audit/profile.h"
#include "relevid/error.h"

namespace relevid::audit {

using run::Condition;
using statistics::Range;

namespace {

constexpr double kShareSumTolerance = 1e-3;  // of float shares over many clips
constexpr double kLargestShare = 2;          // signed sums may pass 1 a little

class Check {
 public:
  Check(const run::VideoRecord& video, const std::vector<Condition>& conditions)
      : video_(video), conditions_(conditions) {}

  void run(int64_t& frames, std::vector<std::optional<PositionExtent>>& positions) {
    if (video_.video.sha256.empty()) fail("it has no hash");
    if (video_.video.label < -1)
      fail(fmt::format("label {}; -1 for none, otherwise 0 or more", video_.video.label));
    const double fps = video_.video.fps;
    if (!(std::isfinite(fps) && fps >= 0)) fail(fmt::format("{} frames a second", fps));
    if (video_.by_condition.size() != conditions_.size()) {
      fail(fmt::format("observations for {} conditions where there are {}", video_.by_condition.size(),
                       conditions_.size()));
    }
    for (size_t i = 0; i < conditions_.size(); ++i) {
      if (!video_.by_condition[i]) continue;
      where_ = " under " + words_for(conditions_[i]);
      check(*video_.by_condition[i], frames);
      if (const auto& position = video_.by_condition[i]->position) check_position(*position, positions[i]);
    }
  }

 private:
  void check(const run::Observation& o, int64_t& frames) {
    if (o.clips < 1 || o.clips_right1 < 0 || o.clips_right1 > o.clips_right5 || o.clips_right5 > o.clips) {
      fail(fmt::format("{} clips, of which {} are right by the first and {} by the first five", o.clips,
                       o.clips_right1, o.clips_right5));
    }
    if (o.right1 && !o.right5) fail("the first answer is right, but not the first five");
    if (!(o.negative_share >= 0 && o.negative_share <= 1)) {
      fail(fmt::format("a negative share of {}; 0 to 1 will do", o.negative_share));
    }
    check_shares(o.shares, frames);
    if (!o.real_shares.empty()) check_shares(o.real_shares, frames);
  }

  void check_shares(const std::vector<double>& shares, int64_t& frames) {
    const auto count = static_cast<int64_t>(shares.size());
    if (frames == 0) frames = count;
    if (count != frames) fail(fmt::format("{} frame shares where others have {}", count, frames));
    if (count < 2) fail(fmt::format("{} frame shares; a temporal border needs two or more", count));
    for (const double share : shares) {
      if (!(std::fabs(share) <= kLargestShare)) fail(fmt::format("a frame share of {}", share));
    }
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const bool none = std::all_of(shares.begin(), shares.end(), [](double share) { return share == 0; });
    if (none || (sum > 0 && sum <= 1 + kShareSumTolerance)) return;
    fail(fmt::format("frame shares that sum to {}, not to 1, or less where clips have no relevance", sum));
  }

  void check_position(const run::PositionFinding& position, std::optional<PositionExtent>& extent) {
    const auto steps = std::ssize(position.by_time), places = std::ssize(position.by_place);
    if (!extent) extent = PositionExtent{steps, places, position.columns, 0};
    if (steps != extent->steps || std::ssize(position.content) != steps || places != extent->places ||
        position.columns != extent->columns) {
      fail(fmt::format("positions of {} steps and {} places where others have {} and {}", steps, places,
                       extent->steps, extent->places));
    }
    if (!(position.start >= 0)) fail(fmt::format("a score of {} that positions share in", position.start));
    const auto widen_by = [&](double value) {
      if (!std::isfinite(value)) fail(fmt::format("positions take {}", value));
      extent->largest = std::max(extent->largest, std::fabs(value));
    };
    widen_by(position.start);
    for (const auto* values : {&position.by_time, &position.content, &position.by_place})
      std::ranges::for_each(*values, widen_by);
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("statistics: video '{}'{}: {}", video_.video.sha256, where_, what));
  }

  const run::VideoRecord& video_;
  const std::vector<Condition>& conditions_;
  std::string where_;
};

void widen(std::optional<Range>& range, double value) {
  if (!range) range = Range{value, value};
  range->lowest = std::min(range->lowest, value);
  range->highest = std::max(range->highest, value);
}

}  // namespace

Survey survey(const VideoSource& source, const std::vector<Condition>& conditions) {
  Survey result;
  result.observed.resize(conditions.size());
  result.labelled_observed.resize(conditions.size());
  result.without_relevance.resize(conditions.size());
  result.fps.resize(conditions.size());
  result.positions.resize(conditions.size());
  source([&](const run::VideoRecord& video) {
    Check(video, conditions).run(result.frames, result.positions);
    const bool is_labelled = video.video.label >= 0;
    ++result.videos;
    if (is_labelled) {
      ++result.labelled;
      result.halves.add(video.video.sha256, video.video.label);
    }
    for (size_t i = 0; i < conditions.size(); ++i) {
      if (!video.by_condition[i]) continue;
      ++result.observed[i];
      if (is_labelled) ++result.labelled_observed[i];
      if (!scaled_profile(video.by_condition[i]->shares)) ++result.without_relevance[i];
      if (video.video.fps > 0) widen(result.fps[i], video.video.fps);
    }
  });
  result.halves.deal();
  return result;
}

std::optional<Range> rate_of(const std::optional<Range>& fps, int64_t interval) {
  if (!fps) return std::nullopt;
  return Range{fps->lowest / static_cast<double>(interval), fps->highest / static_cast<double>(interval)};
}

std::string words_for(const Condition& condition) {
  std::string at = fmt::format("interval {}", condition.frame_interval);
  if (!condition.control) return at;
  switch (*condition.control) {
    case AuditControl::kNullProfile:
      return "the null profile at " + at;
    case AuditControl::kRandomWeights:
      return "random weights at " + at;
    case AuditControl::kFrozen:
      return "frozen frames at " + at;
    case AuditControl::kShuffled:
      return "shuffled frames at " + at;
    case AuditControl::kReversed:
      return "reversed frames at " + at;
    case AuditControl::kSecondMethod:
      return "a second method at " + at;
    case AuditControl::kShifted:
      return fmt::format("a shift of {} frames at {}", condition.shift_frames, at);
  }
  return at;
}

}  // namespace relevid::audit
