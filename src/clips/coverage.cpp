// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "relevid/error.h"
#include "relevid/sampling.h"

namespace relevid {
namespace {

/// Positions come ordered by clip.
int64_t distinct_clips(const std::vector<CoveredFrame::Position>& positions) {
  int64_t count = 0;
  int64_t previous = -1;
  for (const auto& position : positions) {
    count += position.clip != previous;
    previous = position.clip;
  }
  return count;
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
    for (const auto& [clip, position] : frames[f].positions) {
      const auto from = source.subspan(static_cast<size_t>(clip * positions + position) * slice, slice);
      for (size_t i = 0; i < slice; ++i) sum[i] += static_cast<double>(from[i]);
    }
    const int64_t clips = distinct_clips(frames[f].positions);
    for (size_t i = 0; i < slice; ++i)
      target[f * slice + i] = static_cast<float>(sum[i] / static_cast<double>(clips));
    result.frame_indices.push_back(frames[f].frame_index);
    result.clip_counts.push_back(clips);
  }
  return result;
}

}  // namespace relevid
