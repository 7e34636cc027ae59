// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "clips/channels.h"
#include "clips/clip_parts.h"
#include "clips/resample.h"
#include "relevid/error.h"
#include "relevid/npz.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

void check_values(const Preprocessing& preprocessing) {
  if (!(preprocessing.value_range[0] < preprocessing.value_range[1])) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("the value range [{}, {}] is empty", preprocessing.value_range[0],
                            preprocessing.value_range[1]));
  }
  for (const double deviation : preprocessing.std) {
    if (!(deviation > 0)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("a standard deviation must be positive, not {}", deviation));
    }
  }
}

void check_frame(const Frame& frame) {
  if (static_cast<int64_t>(frame.rgb.size()) != frame.width * frame.height * kChannels) {
    throw Error(ErrorKind::kInternal, fmt::format("frame {} has {} bytes for {} x {} pixels", frame.index,
                                                  frame.rgb.size(), frame.width, frame.height));
  }
}

void check_frames(std::span<const ResizedFrame* const> frames) {
  if (frames.empty()) throw Error(ErrorKind::kInvalidArgument, "a clip needs at least one frame");
  const Size& first = frames[0]->source;
  for (const ResizedFrame* frame : frames) {
    if (frame->source == first) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("frame {} is {} x {}, but the clip's first frame is {} x {}", frame->index,
                            frame->source.width, frame->source.height, first.width, first.height));
  }
}

/// Writes one resized frame ([H, W, 3] RGB, 0 to 255) into its place in the clip.
void normalise_frame(std::span<const float> pixels, const Preprocessing& preprocessing, const Size& size,
                     const Mean& mean, int64_t t, const ClipStrides& strides, float* clip) {
  const auto scale = static_cast<float>(preprocessing.scale);
  const auto low = static_cast<float>(preprocessing.value_range[0]);
  const auto high = static_cast<float>(preprocessing.value_range[1]);
  std::vector<float> means;
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    const int64_t source = preprocessing.colour == Colour::kRgb ? channel : kChannels - 1 - channel;
    const auto deviation = static_cast<float>(preprocessing.std[static_cast<size_t>(channel)]);
    for (int64_t y = 0; y < size.height; ++y) {
      mean.row(channel, t, y, means);
      const float* from = &pixels[static_cast<size_t>(y * size.width * kChannels + source)];
      float* to = clip + channel * strides.channel + t * strides.time + y * strides.row;
      for (int64_t x = 0; x < size.width; ++x) {
        const float value = std::clamp(from[x * kChannels] * scale, low, high);
        to[x * strides.column] = (value - means[static_cast<size_t>(x)]) / deviation;
      }
    }
  }
}

/// Copies frame `from` of the clip to frame `to`.
void repeat_frame(const ClipStrides& strides, const Size& size, int64_t from, int64_t to, float* clip) {
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    for (int64_t y = 0; y < size.height; ++y) {
      float* row = clip + channel * strides.channel + y * strides.row;
      for (int64_t x = 0; x < size.width; ++x) {
        row[to * strides.time + x * strides.column] = row[from * strides.time + x * strides.column];
      }
    }
  }
}

/// Bounds of every voxel, for a mean volume. The size is the crop's; without a crop it is the volume's own.
Tensor bound_volume(const Preprocessing& preprocessing, int64_t clip_len, double value) {
  if (!preprocessing.mean_volume) {
    throw Error(ErrorKind::kInvalidArgument,
                "the bounds of this input need its mean volume, and none was given");
  }
  const Shape& volume = preprocessing.mean_volume->shape();
  Preprocessing spatial = preprocessing;
  if (spatial.spatial != Spatial::kStretch) spatial.spatial = Spatial::kNone;
  const Geometry geometry = relevid::geometry(spatial, volume[3], volume[2]);
  const Mean mean(preprocessing, clip_len, geometry);
  const ClipStrides strides = clip_strides(preprocessing.layout, clip_len, geometry.model);
  Tensor bounds(strides.shape, DType::kF32);
  float* values = bounds.values<float>().data();
  std::vector<float> means;
  for (int64_t channel = 0; channel < kChannels; ++channel) {
    const auto deviation = static_cast<float>(preprocessing.std[static_cast<size_t>(channel)]);
    for (int64_t t = 0; t < clip_len; ++t) {
      for (int64_t y = 0; y < geometry.model.height; ++y) {
        mean.row(channel, t, y, means);
        float* row = values + channel * strides.channel + t * strides.time + y * strides.row;
        for (int64_t x = 0; x < geometry.model.width; ++x) {
          row[x * strides.column] = (static_cast<float>(value) - means[static_cast<size_t>(x)]) / deviation;
        }
      }
    }
  }
  return bounds;
}

Tensor bound_per_channel(const Preprocessing& preprocessing, double value) {
  Tensor bounds(clip_strides(preprocessing.layout, 1, {1, 1}).shape, DType::kF32);
  const auto values = bounds.values<float>();
  for (size_t channel = 0; channel < values.size(); ++channel) {
    // In float, as normalise_frame computes it: an input at its bound is then exactly at its bound.
    values[channel] = (static_cast<float>(value) - static_cast<float>(preprocessing.mean[channel])) /
                      static_cast<float>(preprocessing.std[channel]);
  }
  return bounds;
}

Preprocessing kept_mean(Preprocessing preprocessing) {
  preprocessing.clip_mean = ClipMean::kKeep;
  return preprocessing;
}

/// Of x - mean(x) where x is in [low, high] in every one of `clip_len` frames: the farthest is one frame at a
/// bound and all others at the other, ±(high - low) (1 - 1 / clip_len). With a mean volume the bounds differ
/// between frames, and the widest range of all voxels holds.
std::pair<Tensor, Tensor> bounds_less_mean(const Tensor& low, const Tensor& high, int64_t clip_len) {
  const auto lows = low.values<float>(), highs = high.values<float>();
  const float lowest = std::ranges::min(lows), highest = std::ranges::max(highs);
  const float share = 1 - 1 / static_cast<float>(clip_len);
  Tensor least(low.shape(), DType::kF32), most(low.shape(), DType::kF32);
  const bool per_channel = low.elements() == kChannels;
  for (size_t i = 0; i < lows.size(); ++i) {
    const float range = per_channel ? highs[i] - lows[i] : highest - lowest;
    least.values<float>()[i] = -range * share;
    most.values<float>()[i] = range * share;
  }
  return {std::move(least), std::move(most)};
}

}  // namespace

void load_mean_volume(Preprocessing& preprocessing, const std::filesystem::path& path) {
  Tensor volume = read_npy(path).cast(DType::kF32);
  if (volume.shape().rank() == 5 && volume.shape()[0] == 1) {
    std::vector<int64_t> dims(volume.shape().dims().begin() + 1, volume.shape().dims().end());
    volume = std::move(volume).reshaped(Shape(std::move(dims)));
  }
  if (volume.shape().rank() != 4 || volume.shape()[0] != kChannels || volume.elements() == 0) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("{}: a mean volume has the shape [3, T, H, W], this is {}", path.string(),
                            volume.shape().to_string()));
  }
  preprocessing.mean_volume = std::make_shared<const Tensor>(std::move(volume));
  preprocessing.mean_volume_path = path;
  preprocessing.needs_mean_volume = true;
}

struct ClipMaker::Implementation {
  Preprocessing preprocessing;
  std::optional<Geometry> geometry;  ///< that the resizer is made for
  std::unique_ptr<FrameResizer> resizer;
};

ClipMaker::ClipMaker(const Preprocessing& preprocessing)
    : implementation_(std::make_unique<Implementation>(Implementation{preprocessing, {}, {}})) {
  check_values(preprocessing);
}
ClipMaker::~ClipMaker() = default;
ClipMaker::ClipMaker(ClipMaker&&) noexcept = default;

ResizedFrame ClipMaker::resize(const Frame& frame) {
  check_frame(frame);
  auto& [preprocessing, geometry, resizer] = *implementation_;
  const Size source{frame.height, frame.width};
  if (!geometry || geometry->source != source) {
    geometry = relevid::geometry(preprocessing, frame.width, frame.height);
    resizer = make_frame_resizer(preprocessing, *geometry);
  }
  const auto pixels = resizer->resize(frame);
  return {frame.index, frame.pts_seconds, source, geometry->model, {pixels.begin(), pixels.end()}};
}

Tensor ClipMaker::clip(std::span<const ResizedFrame* const> frames) const {
  check_frames(frames);
  const Preprocessing& preprocessing = implementation_->preprocessing;
  const auto clip_len = static_cast<int64_t>(frames.size());
  const Size& source = frames[0]->source;
  const Geometry geometry = relevid::geometry(preprocessing, source.width, source.height);
  const Mean mean(preprocessing, clip_len, geometry);
  const ClipStrides strides = clip_strides(preprocessing.layout, clip_len, geometry.model);
  Tensor clip(strides.shape, DType::kF32);
  float* values = clip.values<float>().data();
  std::map<int64_t, int64_t> position_of_frame;
  for (int64_t t = 0; t < clip_len; ++t) {
    const ResizedFrame& frame = *frames[static_cast<size_t>(t)];
    const auto [first, is_new] = position_of_frame.emplace(frame.index, t);
    if (!is_new && !preprocessing.needs_mean_volume) {
      repeat_frame(strides, geometry.model, first->second, t, values);
    } else {
      normalise_frame(frame.rgb, preprocessing, geometry.model, mean, t, strides, values);
    }
  }
  if (preprocessing.clip_mean == ClipMean::kSubtract)
    subtract_clip_mean(strides, clip_len, geometry.model, clip.values<float>());
  return clip;
}

Tensor make_clip(std::span<const Frame> frames, const Preprocessing& preprocessing) {
  ClipMaker maker(preprocessing);
  std::map<int64_t, ResizedFrame> resized;
  std::vector<const ResizedFrame*> clip;
  for (const Frame& frame : frames) {
    auto found = resized.find(frame.index);
    if (found == resized.end()) found = resized.emplace(frame.index, maker.resize(frame)).first;
    clip.push_back(&found->second);
  }
  return maker.clip(clip);
}

std::pair<Tensor, Tensor> input_bounds(const Preprocessing& preprocessing, int64_t clip_len) {
  check_values(preprocessing);
  const auto [low, high] = preprocessing.value_range;
  if (preprocessing.clip_mean == ClipMean::kSubtract) {
    auto [smallest, largest] = input_bounds(kept_mean(preprocessing), clip_len);
    return bounds_less_mean(smallest, largest, clip_len);
  }
  if (preprocessing.needs_mean_volume) {
    return {bound_volume(preprocessing, clip_len, low), bound_volume(preprocessing, clip_len, high)};
  }
  return {bound_per_channel(preprocessing, low), bound_per_channel(preprocessing, high)};
}

}  // namespace relevid
