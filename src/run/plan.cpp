// SPDX-License-Identifier: Apache-2.0
#include "run/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "relevid/error.h"

namespace relevid::run {
namespace {

void require(bool holds, const std::string& message) {
  if (!holds) throw Error(ErrorKind::kInvalidArgument, message);
}

/// FNV-1a: the same on every machine, as std::hash is not.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

/// Fisher and Yates.
void shuffle(std::vector<int64_t>& frames, uint64_t seed) {
  Random random(seed);
  for (int64_t i = std::ssize(frames) - 1; i > 0; --i)
    std::swap(frames[static_cast<size_t>(i)], frames[static_cast<size_t>(random.below(i + 1))]);
}

/// The frames of the video as it is after resampling: by position, those of the file.
std::vector<int64_t> source_frames(const PlanOptions& options, const VideoInfo& video) {
  if (options.fps) return frames_at_rate(video.pts_seconds, *options.fps);
  std::vector<int64_t> frames(static_cast<size_t>(video.frame_count));
  std::iota(frames.begin(), frames.end(), int64_t{0});
  return frames;
}

std::vector<ClipPlan> plan_interval(const PlanOptions& options, int64_t interval, int64_t frame_count,
                                    double fps) {
  if ((options.sampling.clip_len - 1) * interval + 1 > frame_count) return {};
  SamplingOptions sampling = options.sampling;
  sampling.frame_interval = interval;
  sampling.target_fps.reset();
  sampling.past_end = PastEnd::kRepeatLast;  // linspace samplers look half a step past their last frame
  return plan_clips(sampling, frame_count, fps);
}

/// Adds clips to a plan in frames of the file.
class Planner {
 public:
  Planner(const PlanOptions& options, const VideoInfo& video, std::string_view name)
      : options_(options), source_(source_frames(options, video)), name_hash_(hash_of(name)) {}

  int64_t frame_count() const { return std::ssize(source_); }

  void add(int64_t condition, int64_t number, const ClipPlan& plan) {
    PlannedClip clip{condition, number, plan.offset, {}};
    for (const int64_t frame : plan.frame_indices)
      clip.frame_indices.push_back(source_[static_cast<size_t>(frame)]);
    clips_.push_back(std::move(clip));
  }

  void add_control(int64_t condition, AuditControl control, int64_t number, ClipPlan plan) {
    auto& frames = plan.frame_indices;
    switch (control) {
      case AuditControl::kFrozen:
        std::fill(frames.begin(), frames.end(), int64_t{frames[frames.size() / 2]});
        break;
      case AuditControl::kShuffled:
        shuffle(frames, mix(mix(options_.seed, name_hash_), static_cast<uint64_t>(number)));
        break;
      case AuditControl::kReversed:
        std::reverse(frames.begin(), frames.end());
        break;
      case AuditControl::kShifted:
        if (*std::max_element(frames.begin(), frames.end()) + options_.shift_frames >= frame_count()) return;
        for (int64_t& frame : frames) frame += options_.shift_frames;
        plan.offset += static_cast<double>(options_.shift_frames);
        break;
      case AuditControl::kNullProfile:
        return;  // of no clip in particular
      case AuditControl::kRandomWeights:
      case AuditControl::kSecondMethod:
        break;  // the clip as it is
    }
    add(condition, number, plan);
  }

  std::vector<PlannedClip> finish() && { return std::move(clips_); }

 private:
  const PlanOptions& options_;
  std::vector<int64_t> source_;
  uint64_t name_hash_;
  std::vector<PlannedClip> clips_;
};

}  // namespace

void require_valid(const PlanOptions& o) {
  constexpr int64_t kMostInterval = 1 << 20;
  require(!o.intervals.empty(), "no frame interval is given that could be audited");
  require(std::ranges::adjacent_find(o.intervals, std::greater_equal<>()) == o.intervals.end() &&
              o.intervals.front() >= 1 && o.intervals.back() <= kMostInterval,
          fmt::format("frame intervals {}: they are from 1 to {}, ascending and each once",
                      fmt::join(o.intervals, ","), kMostInterval));
  require(std::ranges::find(o.intervals, o.base_interval) != o.intervals.end(),
          fmt::format("the base interval {} is not among the intervals {}", o.base_interval,
                      fmt::join(o.intervals, ",")));
  require(!o.fps || (*o.fps > 0 && std::isfinite(*o.fps)), "a video is resampled to a positive rate");
  require(o.control_clips >= 1, "a control needs one clip of a video at least");
  require(o.shift_frames >= 1 && o.shift_frames <= kMostInterval, "clips are shifted by one frame at least");
}

std::vector<Condition> conditions_of(const PlanOptions& options) {
  std::vector<Condition> conditions;
  for (const int64_t interval : options.intervals) conditions.push_back({std::nullopt, interval, 0});
  for (const AuditControl control : options.controls) {
    const int64_t shift = control == AuditControl::kShifted ? options.shift_frames : 0;
    conditions.push_back({control, options.base_interval, shift});
  }
  return conditions;
}

std::vector<PlannedClip> plan_video(const PlanOptions& options, const VideoInfo& video,
                                    std::string_view name) {
  Planner planner(options, video, name);
  std::vector<ClipPlan> base;
  int64_t condition = 0;
  for (const int64_t interval : options.intervals) {
    auto plans = plan_interval(options, interval, planner.frame_count(), options.fps.value_or(video.fps));
    for (int64_t number = 0; const ClipPlan& plan : plans) planner.add(condition, number++, plan);
    if (interval == options.base_interval) base = std::move(plans);
    ++condition;
  }
  const int64_t clips = std::ssize(base), wanted = std::min(options.control_clips, clips);
  for (const AuditControl control : options.controls) {
    for (int64_t i = 0; i < wanted; ++i) {
      const int64_t number = ((2 * i + 1) * clips - 1) / (2 * wanted);  // spread evenly, none at the end
      planner.add_control(condition, control, number, base[static_cast<size_t>(number)]);
    }
    ++condition;
  }
  return std::move(planner).finish();
}

std::vector<int64_t> frames_at_rate(std::span<const double> pts_seconds, double fps) {
  constexpr double kMostFrames = 1 << 24, kSlack = 1e-6;  // of a frame: times are rounded in files
  std::vector<int64_t> order(pts_seconds.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto time = [&](size_t i) { return pts_seconds[static_cast<size_t>(order[i])]; };
  std::ranges::stable_sort(order, {}, [&](int64_t i) { return pts_seconds[static_cast<size_t>(i)]; });
  if (order.empty()) return {};
  const double start = time(0), last = std::floor((time(order.size() - 1) - start) * fps + kSlack);
  if (!(last < kMostFrames)) {
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("at {:g} frames per second the video would have {:g} frames", fps, last + 1));
  }
  std::vector<int64_t> frames;
  for (size_t i = 0; static_cast<double>(frames.size()) <= last;) {
    const double wanted = start + static_cast<double>(frames.size()) / fps;
    while (i + 1 < order.size() && std::abs(time(i + 1) - wanted) < std::abs(time(i) - wanted) - kSlack / fps)
      ++i;
    frames.push_back(order[i]);
  }
  return frames;
}

}  // namespace relevid::run
