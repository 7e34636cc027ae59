// SPDX-License-Identifier: Apache-2.0
#include "train/clip_cutter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "clips/channels.h"
#include "clips/clip_parts.h"
#include "relevid/error.h"

namespace relevid::train {
namespace {

constexpr int64_t kLevels = 256;

Augmentation checked(const Augmentation& augmentation) {
  const auto require_range = [](std::string_view what, double range) {
    if (range >= 0 && std::isfinite(range)) return;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a {} jitter of {}; 0 (none) or more are possible", what, range));
  };
  require_range("contrast", augmentation.contrast);
  require_range("brightness", augmentation.brightness);
  if (!(augmentation.flip_probability >= 0 && augmentation.flip_probability <= 1)) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("a flip with probability {}; 0 to 1 are possible",
                                                         augmentation.flip_probability));
  }
  return augmentation;
}

/// What make_clip makes of every level: of a grey frame that shows them all side by side.
Tensor values_of_levels(Preprocessing preprocessing) {
  preprocessing.spatial = Spatial::kNone;
  preprocessing.resized_values = ResizedValues::kEightBit;
  preprocessing.crop.reset();
  preprocessing.clip_mean = ClipMean::kKeep;  // of the clip that is cut
  preprocessing.layout = ClipLayout::kNcthw;
  if (preprocessing.needs_mean_volume) {
    preprocessing.needs_mean_volume = false;
    preprocessing.mean = {0, 0, 0};
    preprocessing.std = {1, 1, 1};
  }
  Frame levels{.index = 0, .pts_seconds = 0, .width = kLevels, .height = 1, .rgb = {}};
  for (int64_t level = 0; level < kLevels; ++level)
    levels.rgb.insert(levels.rgb.end(), 3, static_cast<uint8_t>(level));
  return make_clip({&levels, 1}, preprocessing);  // [1, C, 1, 1, 256]
}

/// The channel of the model that shows this channel of an RGB frame.
int64_t model_channel(Colour colour, int64_t channel) {
  return colour == Colour::kRgb ? channel : kChannels - 1 - channel;
}

/// The first pixel of a row of the crop. [width, 3]
const uint8_t* crop_row(std::span<const uint8_t> frame, const Geometry& geometry, int64_t y) {
  const int64_t pixel = (geometry.crop_top + y) * geometry.resized.width + geometry.crop_left;
  return frame.data() + pixel * kChannels;
}

/// The mean luma (ITU-R BT.601, with torchvision's digits) of the clip's crop.
double mean_luma(const CachedVideo& video, std::span<const int64_t> frame_indices, const Geometry& geometry) {
  std::array<int64_t, kChannels> sums{};
  for (const int64_t index : frame_indices) {
    const auto frame = video.frame(index);
    for (int64_t y = 0; y < geometry.model.height; ++y) {
      const uint8_t* pixel = crop_row(frame, geometry, y);
      for (int64_t x = 0; x < geometry.model.width; ++x, pixel += kChannels) {
        sums[0] += pixel[0];
        sums[1] += pixel[1];
        sums[2] += pixel[2];
      }
    }
  }
  const auto pixels = static_cast<double>(geometry.model.height * geometry.model.width) *
                      static_cast<double>(frame_indices.size());
  return (0.2989 * static_cast<double>(sums[0]) + 0.587 * static_cast<double>(sums[1]) +
          0.114 * static_cast<double>(sums[2])) /
         pixels;
}

/// One row of the clip, from pixels `step` bytes apart.
template <class Tables>
void cut_row(const uint8_t* pixel, int64_t step, int64_t width, const Tables& tables,
             const std::array<float*, kChannels>& to, int64_t column) {
  for (int64_t x = 0; x < width; ++x, pixel += step) {
    to[0][x * column] = tables[0][pixel[0]];
    to[1][x * column] = tables[1][pixel[1]];
    to[2][x * column] = tables[2][pixel[2]];
  }
}

}  // namespace

ClipCutter::ClipCutter(const Preprocessing& preprocessing, const Augmentation& augmentation)
    : preprocessing_(preprocessing), augmentation_(checked(augmentation)), tables_([&] {
        const Tensor values = values_of_levels(preprocessing);
        Tables tables;
        for (int64_t channel = 0; channel < kChannels; ++channel) {
          const int64_t begin = model_channel(preprocessing.colour, channel) * kLevels;
          const auto of_channel = values.values<float>().subspan(static_cast<size_t>(begin), kLevels);
          std::copy(of_channel.begin(), of_channel.end(), tables[static_cast<size_t>(channel)].begin());
        }
        return tables;
      }()) {}

Geometry ClipCutter::centre_geometry(const Size& resized) const {
  Preprocessing already_resized = preprocessing_;
  already_resized.spatial = Spatial::kNone;
  return geometry(already_resized, resized.width, resized.height);
}

Shape ClipCutter::clip_shape(int64_t clip_len, const Size& resized) const {
  if (clip_len < 1) throw Error(ErrorKind::kInvalidArgument, "a clip needs at least one frame");
  const Geometry geometry = centre_geometry(resized);
  const Mean fits(preprocessing_, clip_len, geometry);
  return clip_strides(preprocessing_.layout, clip_len, geometry.model).shape;
}

ClipCutter::Draw ClipCutter::draw(const Size& resized, uint64_t seed) const {
  Draw draw{.geometry = centre_geometry(resized)};
  // Everything is drawn, whether it is used or not, so that no setting moves what another draws.
  Random random(seed);
  const double down = random.unit(), right = random.unit(), flip = random.unit();
  const double contrast = random.unit(), brightness = random.unit();
  Geometry& place = draw.geometry;
  if (augmentation_.crop == Augmentation::Crop::kRandom) {
    const auto pick = [](double share, int64_t margin) {
      return static_cast<int64_t>(share * static_cast<double>(margin + 1));
    };
    place.crop_top = pick(down, place.resized.height - place.model.height);
    place.crop_left = pick(right, place.resized.width - place.model.width);
  }
  draw.flipped = flip < augmentation_.flip_probability;
  const auto factor = [](double share, double range) {
    const double low = std::max(0.0, 1 - range);
    return low + share * (1 + range - low);
  };
  draw.contrast_factor = factor(contrast, augmentation_.contrast);
  draw.brightness_factor = factor(brightness, augmentation_.brightness);
  return draw;
}

ClipCutter::Tables ClipCutter::jittered(const CachedVideo& video, std::span<const int64_t> frame_indices,
                                        const Draw& draw) const {
  if (augmentation_.contrast == 0 && augmentation_.brightness == 0) return tables_;
  const double middle = augmentation_.contrast == 0 ? 0 : mean_luma(video, frame_indices, draw.geometry);
  Tables tables;
  for (size_t level = 0; level < kLevels; ++level) {
    const double value = middle + draw.contrast_factor * (static_cast<double>(level) - middle);
    const double brightened = draw.brightness_factor * std::clamp(value, 0.0, 255.0);
    const auto changed = static_cast<size_t>(std::floor(std::min(brightened, 255.0) + 0.5));
    for (size_t channel = 0; channel < tables.size(); ++channel) {
      tables[channel][level] = tables_[channel][changed];
    }
  }
  return tables;
}

void ClipCutter::cut(const CachedVideo& video, std::span<const int64_t> frame_indices, uint64_t seed,
                     std::span<float> target) const {
  const auto clip_len = static_cast<int64_t>(frame_indices.size());
  const Shape shape = clip_shape(clip_len, video.size());
  if (static_cast<int64_t>(target.size()) != shape.elements()) {
    throw Error(ErrorKind::kInternal,
                fmt::format("{} values for a clip of shape {}", target.size(), shape.to_string()));
  }
  const Draw drawn = draw(video.size(), seed);
  const Size size = drawn.geometry.model;
  const ClipStrides strides = clip_strides(preprocessing_.layout, clip_len, size);
  const Tables tables = jittered(video, frame_indices, drawn);
  const int64_t first_pixel = drawn.flipped ? (size.width - 1) * kChannels : 0;
  const int64_t step = drawn.flipped ? -kChannels : kChannels;
  for (int64_t t = 0; t < clip_len; ++t) {
    const auto frame = video.frame(frame_indices[static_cast<size_t>(t)]);
    for (int64_t y = 0; y < size.height; ++y) {
      std::array<float*, kChannels> to{};
      for (int64_t channel = 0; channel < kChannels; ++channel) {
        to[static_cast<size_t>(channel)] = target.data() + t * strides.time + y * strides.row +
                                           model_channel(preprocessing_.colour, channel) * strides.channel;
      }
      cut_row(crop_row(frame, drawn.geometry, y) + first_pixel, step, size.width, tables, to, strides.column);
    }
  }
  if (preprocessing_.needs_mean_volume) subtract_volume(drawn, clip_len, target);
  if (preprocessing_.clip_mean == ClipMean::kSubtract) subtract_clip_mean(strides, clip_len, size, target);
}

void ClipCutter::subtract_volume(const Draw& draw, int64_t clip_len, std::span<float> clip) const {
  const Size size = draw.geometry.model;
  const Mean mean(preprocessing_, clip_len, draw.geometry);
  const ClipStrides strides = clip_strides(preprocessing_.layout, clip_len, size);
  std::vector<float> means;
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    const auto deviation = static_cast<float>(preprocessing_.std[static_cast<size_t>(channel)]);
    for (int64_t t = 0; t < clip_len; ++t) {
      for (int64_t y = 0; y < size.height; ++y) {
        mean.row(channel, t, y, means);
        if (draw.flipped) std::reverse(means.begin(), means.end());
        float* row = clip.data() + channel * strides.channel + t * strides.time + y * strides.row;
        for (int64_t x = 0; x < size.width; ++x) {
          float& value = row[x * strides.column];
          value = (value - means[static_cast<size_t>(x)]) / deviation;
        }
      }
    }
  }
}

}  // namespace relevid::train
