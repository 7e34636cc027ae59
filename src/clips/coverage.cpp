// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "relevid/error.h"
#include "relevid/sampling.h"

namespace relevid {
namespace {

/// How often each clip shows a frame, clip by clip; positions come ordered by clip.
std::vector<int64_t> copies_by_clip(const std::vector<CoveredFrame::Position>& positions) {
  std::vector<int64_t> copies;
  int64_t previous = -1;
  for (const auto& position : positions) {
    if (position.clip != previous) copies.push_back(0);
    ++copies.back();
    previous = position.clip;
  }
  return copies;
}

void check_values(std::span<const ClipPlan> plans, const Shape& shape) {
  const auto clips = static_cast<int64_t>(plans.size());
  if (shape.rank() < 2 || shape[0] != clips) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("values of shape {} do not fit {} clips", shape.to_string(), clips));
  }
  for (size_t clip = 0; clip < plans.size(); ++clip) {
    const size_t length = plans[clip].frame_indices.size();
    if (static_cast<int64_t>(length) == shape[1]) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("values of shape {} do not fit clip {}, which has {} frames", shape.to_string(),
                            clip, length));
  }
}

}  // namespace

std::vector<CoveredFrame> covered_frames(std::span<const ClipPlan> plans) {
  std::map<int64_t, std::vector<CoveredFrame::Position>> by_frame;
  for (size_t clip = 0; clip < plans.size(); ++clip) {
    const auto& frames = plans[clip].frame_indices;
    for (size_t position = 0; position < frames.size(); ++position) {
      by_frame[frames[position]].push_back({static_cast<int64_t>(clip), static_cast<int64_t>(position)});
    }
  }
  std::vector<CoveredFrame> frames;
  frames.reserve(by_frame.size());
  for (auto& [frame_index, positions] : by_frame) frames.push_back({frame_index, std::move(positions)});
  return frames;
}

FrameValues combine_over_clips(std::span<const ClipPlan> plans, const Tensor& values) {
  check_values(plans, values.shape());
  const std::vector<CoveredFrame> frames = covered_frames(plans);
  std::vector<int64_t> dims = values.shape().dims();
  const int64_t positions = dims[1];
  dims.erase(dims.begin());
  dims[0] = static_cast<int64_t>(frames.size());

  FrameValues result;
  result.values = Tensor(Shape(std::move(dims)), DType::kF32);
  const auto source = values.values<float>();
  const auto target = result.values.values<float>();
  const size_t slice = frames.empty() ? 0 : target.size() / frames.size();
  std::vector<double> sum(slice);
  for (size_t f = 0; f < frames.size(); ++f) {
    std::fill(sum.begin(), sum.end(), 0.0);
    const std::vector<int64_t> copies = copies_by_clip(frames[f].positions);
    const auto clips = static_cast<double>(copies.size());
    size_t at = 0;
    for (const int64_t count : copies) {
      const double weight = 1 / (clips * static_cast<double>(count));
      for (int64_t copy = 0; copy < count; ++copy, ++at) {
        const auto [clip, position] = frames[f].positions[at];
        const auto from = source.subspan(static_cast<size_t>(clip * positions + position) * slice, slice);
        for (size_t i = 0; i < slice; ++i) sum[i] += weight * static_cast<double>(from[i]);
      }
    }
    for (size_t i = 0; i < slice; ++i) target[f * slice + i] = static_cast<float>(sum[i]);
    result.frame_indices.push_back(frames[f].frame_index);
    result.clip_counts.push_back(std::ssize(copies));
  }
  return result;
}

RepeatedFrames repeated_frames(std::span<const ClipPlan> plans) {
  RepeatedFrames result;
  for (const ClipPlan& plan : plans) {
    const std::set<int64_t> different(plan.frame_indices.begin(), plan.frame_indices.end());
    const int64_t copies = std::ssize(plan.frame_indices) - std::ssize(different);
    result.clips += copies > 0;
    result.copies = std::max(result.copies, copies);
  }
  return result;
}

}  // namespace relevid
