// SPDX-License-Identifier: Apache-2.0
#include "api/covered.h"

#include <algorithm>
#include <cmath>

#include "api/appearance.h"
#include "api/maps.h"

namespace relevid {
namespace {

double value_at(const FrameValues& values, size_t index) {
  return static_cast<double>(values.values.values<float>()[index]);
}

/// Every clip has the same profile.
FrameValues combined_null(const std::vector<ClipPlan>& plans, const std::vector<double>& null_profile) {
  std::vector<float> shares;
  for (size_t clip = 0; clip < plans.size(); ++clip)
    shares.insert(shares.end(), null_profile.begin(), null_profile.end());
  const Shape shape{std::ssize(plans), std::ssize(null_profile)};
  return combine_over_clips(plans, Tensor::from(shape, shares));
}

bool is_at_border(const CoveredFrame& frame, int64_t clip_length) {
  const int64_t k = border_frames(clip_length);
  return std::ranges::any_of(frame.positions, [&](const CoveredFrame::Position& at) {
    return at.position < k || at.position >= clip_length - k;
  });
}

}  // namespace

CoveredRelevance cover(const Explanation& e, const OutputOptions& options) {
  CoveredRelevance covered;
  covered.maps = combine_over_clips(e.plans, summed_over_channels(e.relevance));
  const FrameValues share = combine_over_clips(e.plans, e.frame_share);
  const FrameValues negative = combine_over_clips(e.plans, e.negative_share);
  std::optional<FrameValues> null;
  if (shows_null_profile(e, options)) null = combined_null(e.plans, options.null_profile);
  const int64_t clip_length = e.frame_share.shape()[1];
  for (size_t i = 0; const CoveredFrame& frame : covered_frames(e.plans)) {
    covered.frames.push_back({.index = frame.frame_index,
                              .share = value_at(share, i),
                              .negative_share = std::fabs(value_at(negative, i)),
                              .null_share = null ? value_at(*null, i) : std::nan(""),
                              .at_border = is_at_border(frame, clip_length)});
    ++i;
  }
  return covered;
}

Tensor map_at(const FrameValues& maps, size_t index) {
  const Shape& s = maps.values.shape();
  Tensor map(Shape{s[1], s[2]}, DType::kF32);
  const auto size = static_cast<size_t>(map.elements());
  std::ranges::copy(maps.values.values<float>().subspan(index * size, size), map.values<float>().begin());
  return map;
}

}  // namespace relevid
