// SPDX-License-Identifier: Apache-2.0
#include "clips/opencv_bilinear.h"

#include <algorithm>
#include <cmath>

#include "clips/channels.h"

namespace relevid {
namespace {

constexpr int32_t kOne = 2048;

/// Rounds half to even, as OpenCV does.
int32_t fixed_point(float weight) {
  return static_cast<int32_t>(std::lrint(weight * kOne));
}

/// The precision of every step, and the scale as the inverse of an inverse, decide about the last bit.
std::vector<FixedPointTap> fixed_point_taps(int64_t input, int64_t output, int64_t begin, int64_t count) {
  const double scale = 1.0 / (static_cast<double>(output) / static_cast<double>(input));
  std::vector<FixedPointTap> taps;
  taps.reserve(static_cast<size_t>(count));
  for (int64_t i = begin; i < begin + count; ++i) {
    const auto centre = static_cast<float>((static_cast<double>(i) + 0.5) * scale - 0.5);
    const float left = std::floor(centre);
    const float fraction = centre - left;
    const auto first = static_cast<int64_t>(left);
    taps.push_back({std::clamp<int64_t>(first, 0, input - 1), std::clamp<int64_t>(first + 1, 0, input - 1),
                    fixed_point(1.0F - fraction), fixed_point(fraction)});
  }
  return taps;
}

/// Beyond an edge OpenCV's horizontal pass takes the edge whole; its vertical pass keeps both weights.
std::vector<FixedPointTap> with_whole_edges(std::vector<FixedPointTap> taps) {
  for (FixedPointTap& tap : taps) {
    if (tap.first != tap.second) continue;
    tap.first_weight = kOne;
    tap.second_weight = 0;
  }
  return taps;
}

}  // namespace

OpenCvBilinear::OpenCvBilinear(const Geometry& geometry)
    : geometry_(geometry),
      columns_(with_whole_edges(fixed_point_taps(geometry.source.width, geometry.resized.width,
                                                 geometry.crop_left, geometry.model.width))),
      rows_(fixed_point_taps(geometry.source.height, geometry.resized.height, geometry.crop_top,
                             geometry.model.height)),
      row_used_(static_cast<size_t>(geometry.source.height)),
      reduced_rows_(static_cast<size_t>(geometry.source.height * geometry.model.width * kChannels)),
      result_(static_cast<size_t>(geometry.model.height * geometry.model.width * kChannels)) {
  for (const FixedPointTap& tap : rows_) {
    row_used_[static_cast<size_t>(tap.first)] = true;
    row_used_[static_cast<size_t>(tap.second)] = true;
  }
}

void OpenCvBilinear::resize_row(const uint8_t* row, int32_t* target) const {
  for (const FixedPointTap& tap : columns_) {
    const uint8_t* first = row + tap.first * kChannels;
    const uint8_t* second = row + tap.second * kChannels;
    for (int64_t channel = 0; channel < kChannels; ++channel) {
      *target++ = (first[channel] * tap.first_weight + second[channel] * tap.second_weight) >> 4;
    }
  }
}

std::span<const float> OpenCvBilinear::resize(const Frame& frame) {
  const auto row_size = static_cast<size_t>(geometry_.model.width * kChannels);
  for (size_t y = 0; y < row_used_.size(); ++y) {
    if (!row_used_[y]) continue;
    resize_row(&frame.rgb[y * static_cast<size_t>(frame.width * kChannels)], &reduced_rows_[y * row_size]);
  }
  for (size_t y = 0; y < rows_.size(); ++y) {
    const FixedPointTap& tap = rows_[y];
    const int32_t* first = &reduced_rows_[static_cast<size_t>(tap.first) * row_size];
    const int32_t* second = &reduced_rows_[static_cast<size_t>(tap.second) * row_size];
    float* target = &result_[y * row_size];
    for (size_t x = 0; x < row_size; ++x) {
      const int32_t quarters =
          ((first[x] * tap.first_weight) >> 16) + ((second[x] * tap.second_weight) >> 16);
      target[x] = static_cast<float>((quarters + 2) >> 2);
    }
  }
  return result_;
}

}  // namespace relevid
