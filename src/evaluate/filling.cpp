// SPDX-License-Identifier: Apache-2.0
#include "evaluate/filling.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace relevid::evaluate {
namespace {

struct Moments {
  double mean = 0, deviation = 0;
};

Moments moments_of(std::span<const float> values) {
  double sum = 0, squares = 0;
  for (const float value : values) sum += static_cast<double>(value);
  const double mean = sum / static_cast<double>(values.size());
  for (const float value : values) {
    const double d = static_cast<double>(value) - mean;
    squares += d * d;
  }
  return {mean, std::sqrt(squares / static_cast<double>(values.size()))};
}

/// Blurs `lines` rows of `length` values, `stride` apart, in place.
void blur_lines(std::span<float> plane, size_t lines, size_t line_stride, size_t length, size_t stride,
                const std::vector<double>& weights) {
  const auto reach = static_cast<int64_t>(weights.size()) - 1;
  std::vector<float> line(length);
  for (size_t l = 0; l < lines; ++l) {
    float* at = &plane[l * line_stride];
    for (size_t i = 0; i < length; ++i) line[i] = at[i * stride];
    for (int64_t i = 0; i < static_cast<int64_t>(length); ++i) {
      double sum = 0, total = 0;
      const int64_t begin = std::max<int64_t>(0, i - reach),
                    end = std::min<int64_t>(static_cast<int64_t>(length), i + reach + 1);
      for (int64_t j = begin; j < end; ++j) {
        const double weight = weights[static_cast<size_t>(std::abs(i - j))];
        sum += weight * static_cast<double>(line[static_cast<size_t>(j)]);
        total += weight;
      }
      at[static_cast<size_t>(i) * stride] = static_cast<float>(sum / total);
    }
  }
}

void blur_frames(std::span<float> values, size_t height, size_t width) {
  const double sigma = static_cast<double>(std::min(height, width)) / 8;
  std::vector<double> weights;
  for (int64_t d = 0; d <= static_cast<int64_t>(std::ceil(3 * sigma)); ++d)
    weights.push_back(std::exp(-static_cast<double>(d * d) / (2 * sigma * sigma)));
  for (size_t begin = 0; begin < values.size(); begin += height * width) {
    const auto plane = values.subspan(begin, height * width);
    blur_lines(plane, height, width, width, 1, weights);
    blur_lines(plane, width, 1, height, width, weights);
  }
}

}  // namespace

Filling::Filling(const Tensor& clip, Fill fill, uint64_t seed)
    : fill_(fill),
      channels_(clip.shape()[1]),
      frames_(clip.shape()[2]),
      area_(static_cast<size_t>(clip.shape()[3] * clip.shape()[4])) {
  const auto values = clip.values<float>();
  clip_.assign(values.begin(), values.end());
  filled_ = clip_;
  if (fill == Fill::kBlur) {
    blur_frames(filled_, static_cast<size_t>(clip.shape()[3]), static_cast<size_t>(clip.shape()[4]));
    return;
  }
  Random random(seed);
  const size_t volume = static_cast<size_t>(frames_) * area_;
  for (size_t c = 0; c < static_cast<size_t>(channels_); ++c) {
    const auto channel = std::span(filled_).subspan(c * volume, volume);
    const Moments moments = moments_of(channel);
    for (float& value : channel) {
      const double drawn = fill == Fill::kNoise ? moments.deviation * random.normal() : 0;
      value = static_cast<float>(moments.mean + drawn);
    }
  }
}

void Filling::write(std::span<const char> flipped, std::span<float> values) const {
  if (fill_ == Fill::kPrevious) return write_previous(flipped, values);
  const size_t volume = flipped.size();
  for (size_t c = 0; c < static_cast<size_t>(channels_); ++c) {
    for (size_t i = 0; i < volume; ++i)
      values[c * volume + i] = flipped[i] ? filled_[c * volume + i] : clip_[c * volume + i];
  }
}

void Filling::write_previous(std::span<const char> flipped, std::span<float> values) const {
  const size_t volume = flipped.size();
  for (size_t place = 0; place < area_; ++place) {
    int64_t source = -1;  // of the first frame that is not flipped, then the last one
    for (int64_t t = 0; t < frames_ && source < 0; ++t) {
      if (!flipped[static_cast<size_t>(t) * area_ + place]) source = t;
    }
    for (int64_t t = 0; t < frames_; ++t) {
      const size_t at = static_cast<size_t>(t) * area_ + place;
      if (!flipped[at]) source = t;
      for (size_t c = 0; c < static_cast<size_t>(channels_); ++c) {
        values[c * volume + at] = source < 0
                                      ? filled_[c * volume + at]
                                      : clip_[c * volume + static_cast<size_t>(source) * area_ + place];
      }
    }
  }
}

}  // namespace relevid::evaluate
