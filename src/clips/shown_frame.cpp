// SPDX-License-Identifier: Apache-2.0
#include "clips/shown_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "clips/channels.h"
#include "clips/clip_parts.h"
#include "relevid/error.h"

namespace relevid {
namespace {

uint8_t eight_bit(double value) {
  return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

void require_frame(const Tensor& clips, int64_t clip, int64_t t, const Geometry& geometry) {
  const Shape& s = clips.shape();
  const bool fits = s.rank() == 5 && s[1] == kChannels && s[3] == geometry.model.height &&
                    s[4] == geometry.model.width && clip >= 0 && clip < s[0] && t >= 0 && t < s[2];
  if (fits) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no frame {} of clip {} of {} pixels {} x {}", t, clip, s.to_string(),
                          geometry.model.height, geometry.model.width));
}

}  // namespace

std::vector<uint8_t> shown_frame(const Tensor& clips, int64_t clip, int64_t t,
                                 const Preprocessing& preprocessing, const Geometry& geometry) {
  require_frame(clips, clip, t, geometry);
  const Shape& s = clips.shape();
  const Mean mean(preprocessing, s[2], geometry);
  const auto values = clips.values<float>();
  std::vector<uint8_t> rgb(static_cast<size_t>(s[3] * s[4] * kChannels));
  std::vector<float> means;
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    const int64_t shown = preprocessing.colour == Colour::kRgb ? channel : kChannels - 1 - channel;
    const double deviation = preprocessing.std[static_cast<size_t>(channel)];
    for (int64_t y = 0; y < s[3]; ++y) {
      mean.row(channel, t, y, means);
      const auto row = static_cast<size_t>((((clip * kChannels + channel) * s[2] + t) * s[3] + y) * s[4]);
      for (int64_t x = 0; x < s[4]; ++x) {
        const double value = static_cast<double>(values[row + static_cast<size_t>(x)]) * deviation +
                             static_cast<double>(means[static_cast<size_t>(x)]);
        rgb[static_cast<size_t>((y * s[4] + x) * kChannels + shown)] = eight_bit(value / preprocessing.scale);
      }
    }
  }
  return rgb;
}

}  // namespace relevid
