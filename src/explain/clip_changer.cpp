// SPDX-License-Identifier: Apache-2.0
#include "explain/clip_changer.h"

#include <algorithm>
#include <cmath>

namespace relevid {
namespace {

std::vector<float> means(std::span<const float> clip, const ClipAxes& axes) {
  std::vector<float> result(clip.size());
  for (int64_t c = 0; c < axes.channels; ++c) {
    double sum = 0;
    const auto at = [&](int64_t offset) { return static_cast<size_t>(offset + c * axes.channel_stride); };
    axes.for_each_position([&](int64_t, int64_t offset) { sum += static_cast<double>(clip[at(offset)]); });
    const auto mean = static_cast<float>(sum / static_cast<double>(positions(axes.extent)));
    axes.for_each_position([&](int64_t, int64_t offset) { result[at(offset)] = mean; });
  }
  return result;
}

/// A Gaussian whose deviation is a tenth of the larger side, cut at two deviations; edges are held.
std::vector<float> gaussian(int64_t larger_side) {
  const double deviation = static_cast<double>(larger_side) / 10;
  const auto radius = static_cast<int64_t>(std::ceil(2 * deviation));
  std::vector<float> weights;
  double sum = 0;
  for (int64_t i = -radius; i <= radius; ++i) {
    const double z = static_cast<double>(i) / deviation;
    weights.push_back(static_cast<float>(std::exp(-z * z / 2)));
    sum += static_cast<double>(weights.back());
  }
  for (float& weight : weights) weight = static_cast<float>(static_cast<double>(weight) / sum);
  return weights;
}

/// Along lines of `length` elements, `stride` apart.
void blur_line(std::span<float> values, int64_t begin, int64_t length, int64_t stride,
               std::span<const float> weights, std::vector<float>& padded) {
  const auto radius = static_cast<int64_t>(weights.size() / 2);
  padded.resize(static_cast<size_t>(length + 2 * radius));
  for (int64_t i = 0; i < length + 2 * radius; ++i) {
    const int64_t from = std::clamp<int64_t>(i - radius, 0, length - 1);
    padded[static_cast<size_t>(i)] = values[static_cast<size_t>(begin + from * stride)];
  }
  for (int64_t i = 0; i < length; ++i) {
    float sum = 0;
    for (size_t k = 0; k < weights.size(); ++k) sum += weights[k] * padded[static_cast<size_t>(i) + k];
    values[static_cast<size_t>(begin + i * stride)] = sum;
  }
}

std::vector<float> blurred(std::span<const float> clip, const ClipAxes& axes) {
  std::vector<float> result(clip.begin(), clip.end()), padded;
  const auto weights = gaussian(std::max(axes.extent[1], axes.extent[2]));
  for (int64_t t = 0; t < axes.extent[0]; ++t) {
    for (int64_t c = 0; c < axes.channels; ++c) {
      const int64_t plane = t * axes.frame_stride + c * axes.channel_stride;
      for (int64_t h = 0; h < axes.extent[1]; ++h)
        blur_line(result, plane + h * axes.row_stride, axes.extent[2], axes.column_stride, weights, padded);
      for (int64_t w = 0; w < axes.extent[2]; ++w)
        blur_line(result, plane + w * axes.column_stride, axes.extent[1], axes.row_stride, weights, padded);
    }
  }
  return result;
}

std::vector<float> stand_in(std::span<const float> clip, const ClipAxes& axes, Fill fill) {
  switch (fill) {
    case Fill::kDefault:
    case Fill::kMean:
      return means(clip, axes);
    case Fill::kZero:
      return std::vector<float>(clip.size(), 0.0F);
    case Fill::kBlur:
      return blurred(clip, axes);
    case Fill::kFreeze:
      return {};
  }
  return {};
}

}  // namespace

ClipChanger::ClipChanger(Tensor clip, const ClipAxes& axes, Fill fill)
    : clip_(std::move(clip)), axes_(axes), fill_(fill), stand_in_(stand_in(this->clip(), axes, fill)) {}

void ClipChanger::write(const Volume& keep, std::span<float> into) const {
  if (fill_ == Fill::kFreeze) return write_frozen(keep, into);
  const auto x = clip();
  axes_.for_each_position([&](int64_t position, int64_t offset) {
    const auto m = static_cast<float>(keep.values[static_cast<size_t>(position)]);
    for (int64_t c = 0; c < axes_.channels; ++c) {
      const auto i = static_cast<size_t>(offset + c * axes_.channel_stride);
      into[i] = m == 1 ? x[i] : m * x[i] + (1 - m) * stand_in_[i];
    }
  });
}

void ClipChanger::write_frozen(const Volume& keep, std::span<float> into) const {
  const auto x = clip();
  const auto [frames, rows, columns] = axes_.extent;
  for (int64_t h = 0; h < rows; ++h) {
    for (int64_t w = 0; w < columns; ++w) {
      int64_t first = frames / 2;
      for (int64_t t = 0; t < frames; ++t) {
        if (keep.at(t, h, w) == 0) continue;
        first = t;
        break;
      }
      for (int64_t c = 0; c < axes_.channels; ++c) {
        const auto at = [&](int64_t t) {
          return static_cast<size_t>(axes_.offset(t, h, w) + c * axes_.channel_stride);
        };
        float held = x[at(first)];
        for (int64_t t = 0; t < frames; ++t) {
          const auto m = static_cast<float>(keep.at(t, h, w));
          into[at(t)] = held = m * x[at(t)] + (1 - m) * held;
        }
      }
    }
  }
}

void ClipChanger::write_frames(std::span<const double> keep, std::span<float> into) const {
  Volume volume(axes_.extent);
  const auto plane = static_cast<size_t>(axes_.extent[1] * axes_.extent[2]);
  for (size_t i = 0; i < volume.values.size(); ++i) volume.values[i] = keep[i / plane];
  write(volume, into);
}

Volume ClipChanger::slope_by_keep(std::span<const float> gradient) const {
  Volume slope(axes_.extent);
  const auto x = clip();
  axes_.for_each_position([&](int64_t position, int64_t offset) {
    for (int64_t c = 0; c < axes_.channels; ++c) {
      const auto i = static_cast<size_t>(offset + c * axes_.channel_stride);
      slope.values[static_cast<size_t>(position)] +=
          static_cast<double>(gradient[i]) * static_cast<double>(x[i] - stand_in_[i]);
    }
  });
  return slope;
}

/// With a[t] = g[t] + (1 - keep[t + 1]) a[t + 1] the slope by keep[t] is ⟨a[t], x[t] - x'[t - 1]⟩; the first
/// frame has nothing before it.
std::vector<double> ClipChanger::slope_by_frozen_frames(std::span<const double> keep,
                                                        std::span<const float> changed,
                                                        std::span<const float> gradient) const {
  const auto x = clip();
  const auto [frames, rows, columns] = axes_.extent;
  std::vector<double> slope(static_cast<size_t>(frames), 0.0);
  for (int64_t h = 0; h < rows; ++h) {
    for (int64_t w = 0; w < columns; ++w) {
      for (int64_t c = 0; c < axes_.channels; ++c) {
        const auto at = [&](int64_t t) {
          return static_cast<size_t>(axes_.offset(t, h, w) + c * axes_.channel_stride);
        };
        double a = 0;
        for (int64_t t = frames - 1; t > 0; --t) {
          const bool last = t == frames - 1;
          a = static_cast<double>(gradient[at(t)]) + (last ? 0 : (1 - keep[static_cast<size_t>(t + 1)]) * a);
          slope[static_cast<size_t>(t)] += a * static_cast<double>(x[at(t)] - changed[at(t - 1)]);
        }
      }
    }
  }
  return slope;
}

}  // namespace relevid
