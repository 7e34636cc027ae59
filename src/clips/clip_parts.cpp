// SPDX-License-Identifier: Apache-2.0
#include "clips/clip_parts.h"

#include <fmt/format.h>

#include "clips/channels.h"
#include "relevid/error.h"

namespace relevid {

ClipStrides clip_strides(ClipLayout layout, int64_t clip_len, const Size& size) {
  switch (layout) {
    case ClipLayout::kNcthw: {
      Shape shape{1, kChannels, clip_len, size.height, size.width};
      const auto strides = shape.strides();
      return {std::move(shape), strides[1], strides[2], strides[3], strides[4]};
    }
    case ClipLayout::kNtchw: {
      Shape shape{1, clip_len, kChannels, size.height, size.width};
      const auto strides = shape.strides();
      return {std::move(shape), strides[2], strides[1], strides[3], strides[4]};
    }
    case ClipLayout::kNthwc: {
      Shape shape{1, clip_len, size.height, size.width, kChannels};
      const auto strides = shape.strides();
      return {std::move(shape), strides[4], strides[1], strides[2], strides[3]};
    }
  }
  throw Error(ErrorKind::kInternal, "unknown clip layout");
}

void subtract_clip_mean(const ClipStrides& strides, int64_t clip_len, const Size& size,
                        std::span<float> clip) {
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    for (int64_t y = 0; y < size.height; ++y) {
      for (int64_t x = 0; x < size.width; ++x) {
        float* pixel = clip.data() + channel * strides.channel + y * strides.row + x * strides.column;
        double sum = 0;
        for (int64_t t = 0; t < clip_len; ++t) sum += static_cast<double>(pixel[t * strides.time]);
        const auto mean = static_cast<float>(sum / static_cast<double>(clip_len));
        for (int64_t t = 0; t < clip_len; ++t) pixel[t * strides.time] -= mean;
      }
    }
  }
}

Mean::Mean(const Preprocessing& preprocessing, int64_t clip_len, const Geometry& geometry)
    : preprocessing_(preprocessing), width_(geometry.model.width) {
  if (!preprocessing.needs_mean_volume) return;
  if (!preprocessing.mean_volume) {
    throw Error(
        ErrorKind::kInvalidArgument,
        "this preprocessing subtracts a mean volume [3, T, H, W], and none was given: name its .npy file");
  }
  const Shape& shape = preprocessing.mean_volume->shape();
  const auto fits = [&](const Size& size) {
    return shape == Shape{kChannels, clip_len, size.height, size.width};
  };
  if (!fits(geometry.resized) && !fits(geometry.model)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format(
            "the mean volume has shape {}; a clip of {} frames resized to {} x {} and cropped to {} x "
            "{} needs [3, {}, ...] of one of these sizes",
            shape.to_string(), clip_len, geometry.resized.height, geometry.resized.width,
            geometry.model.height, geometry.model.width, clip_len));
  }
  if (fits(geometry.resized)) {
    top_ = geometry.crop_top;
    left_ = geometry.crop_left;
  }
  strides_ = shape.strides();
  volume_ = preprocessing.mean_volume->values<float>();
}

void Mean::row(int64_t channel, int64_t t, int64_t y, std::vector<float>& target) const {
  if (volume_.empty()) {
    target.assign(static_cast<size_t>(width_),
                  static_cast<float>(preprocessing_.mean[static_cast<size_t>(channel)]));
    return;
  }
  const int64_t begin = channel * strides_[0] + t * strides_[1] + (top_ + y) * strides_[2] + left_;
  const auto from = volume_.subspan(static_cast<size_t>(begin), static_cast<size_t>(width_));
  target.assign(from.begin(), from.end());
}

}  // namespace relevid
