// SPDX-License-Identifier: Apache-2.0
#include "api/frame_pictures.h"

#include <algorithm>
#include <cmath>

#include "clips/shown_frame.h"

namespace relevid {

FramePictures::FramePictures(const Explanation& explanation) : explanation_(explanation) {
  if (explanation.preprocessing) return;
  const auto [low, high] = std::ranges::minmax(explanation.clips->values<float>());
  low_ = low;
  range_ = high > low ? high - low : 1;
}

Picture FramePictures::at(int64_t clip, int64_t t) const {
  const Explanation& e = explanation_;
  if (!e.preprocessing) return of_numbers(clip, t);
  const Shape& s = e.clips->shape();
  return {s[4], s[3], shown_frame(*e.clips, clip, t, *e.preprocessing, *e.geometry)};
}

double FramePictures::aspect() const {
  const Shape& s = explanation_.clips->shape();
  const double aspect = static_cast<double>(s[4]) / static_cast<double>(s[3]);
  if (!explanation_.geometry) return aspect;
  const auto ratio = [](int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); };
  const Geometry& g = *explanation_.geometry;
  return aspect * ratio(g.source.width, g.resized.width) / ratio(g.source.height, g.resized.height);
}

Picture FramePictures::of_numbers(int64_t clip, int64_t t) const {
  const Shape& s = explanation_.clips->shape();
  const auto values = explanation_.clips->values<float>();
  Picture picture{s[4], s[3], std::vector<uint8_t>(static_cast<size_t>(s[3] * s[4] * 3))};
  for (int64_t c = 0; c < 3; ++c) {
    const int64_t channel = std::min(c, s[1] - 1);
    const auto plane = static_cast<size_t>(((clip * s[1] + channel) * s[2] + t) * s[3] * s[4]);
    for (size_t i = 0; i < static_cast<size_t>(s[3] * s[4]); ++i) {
      picture.rgb[3 * i + static_cast<size_t>(c)] =
          static_cast<uint8_t>(std::lround(255 * (values[plane + i] - low_) / range_));
    }
  }
  return picture;
}

}  // namespace relevid
