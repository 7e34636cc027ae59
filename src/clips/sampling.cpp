// SPDX-License-Identifier: Apache-2.0
#include "relevid/sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "clips/names.h"
#include "clips/sampling_parts.h"

namespace relevid {
namespace {

constexpr NameTable<Sampler, 9> kSamplers = {{{Sampler::kMmaction2, "mmaction2"},
                                              {Sampler::kMmaction2Segments, "mmaction2-2d"},
                                              {Sampler::kSlowfast, "slowfast"},
                                              {Sampler::kSlowfastOffset, "slowfast-offset"},
                                              {Sampler::kPytorchvideo, "pytorchvideo"},
                                              {Sampler::kTorchcodec, "torchcodec"},
                                              {Sampler::kC3d, "c3d"},
                                              {Sampler::kDense, "dense"},
                                              {Sampler::kTransformers, "transformers"}}};

constexpr NameTable<PastEnd, 4> kPolicies = {{{PastEnd::kLoop, "loop"},
                                              {PastEnd::kRepeatLast, "repeat-last"},
                                              {PastEnd::kWrap, "wrap"},
                                              {PastEnd::kError, "error"}}};

constexpr int64_t kMaxSize = 1'000'000;
constexpr int64_t kMaxListedFrames = 100'000'000;
constexpr int64_t kMaxFrameCount = int64_t{1}
                                   << 24;  // whole frames stay exact in the float32 of torch.linspace
constexpr double kMaxExtent = 1e12;
constexpr int64_t kC3dDistance = 16;

/// Seconds times a rate seldom give a whole number of frames where they should: what is nearer than this is
/// one.
constexpr double kWholeFrame = 1e-6;

void check_size(std::string_view what, int64_t value) {
  if (value >= 1 && value <= kMaxSize) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} must be 1 to {}, not {}", what, kMaxSize, value));
}

void check_rate(std::string_view what, double rate) {
  if (std::isfinite(rate) && rate > 0) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} must be a positive number, not {}", what, rate));
}

bool is_linspace(Sampler sampler) {
  return sampler == Sampler::kSlowfast || sampler == Sampler::kSlowfastOffset ||
         sampler == Sampler::kPytorchvideo;
}

/// Element i of torch.linspace(first, last, count), counted from the nearer end as torch does.
template <class T>
T linspace(T first, T last, int64_t count, int64_t i) {
  if (count == 1) return first;
  const T step = (last - first) / static_cast<T>(count - 1);
  return i < count / 2 ? first + step * static_cast<T>(i) : last - step * static_cast<T>(count - 1 - i);
}

/// The frames of a clip as the sampler names them, before any policy for those past the end.
std::vector<int64_t> named_frames(const ClipExtent& extent, int64_t frame_count, double offset) {
  std::vector<int64_t> frames(static_cast<size_t>(extent.clip_len));
  const auto fill = [&](auto&& frame) {
    for (int64_t j = 0; j < extent.clip_len; ++j) frames[static_cast<size_t>(j)] = frame(j);
  };
  switch (extent.spacing) {
    case ClipExtent::Spacing::kInterval:
      fill([&](int64_t j) { return static_cast<int64_t>(offset) + j * extent.interval; });
      break;
    case ClipExtent::Spacing::kLinspace: {
      const auto first = static_cast<float>(offset);
      const auto last = static_cast<float>(offset + extent.size - 1);
      fill([&](int64_t j) { return static_cast<int64_t>(linspace(first, last, extent.clip_len, j)); });
      break;
    }
    case ClipExtent::Spacing::kSubsample: {
      const auto frame_at = [](double time) { return static_cast<int64_t>(std::ceil(time - kWholeFrame)); };
      const int64_t first = std::min(frame_at(offset), frame_count - 1);
      const int64_t end = std::clamp(frame_at(offset + extent.size), first + 1, frame_count);
      const auto last = static_cast<float>(end - first - 1);
      fill([&](int64_t j) { return first + static_cast<int64_t>(linspace(0.0F, last, extent.clip_len, j)); });
      break;
    }
    case ClipExtent::Spacing::kSpread:
      fill([&](int64_t j) { return j * frame_count / extent.clip_len; });
      break;
  }
  return frames;
}

std::vector<double> sliding_offsets(double last_offset, int64_t stride) {
  std::vector<double> offsets;
  for (int64_t offset = 0; static_cast<double>(offset) < last_offset; offset += stride) {
    offsets.push_back(static_cast<double>(offset));
  }
  offsets.push_back(last_offset);
  return offsets;
}

std::vector<double> c3d_offsets(const SamplingOptions& options, int64_t frame_count, double last_offset) {
  std::vector<double> offsets;
  for (const int64_t start : options.starts) {
    if (start < 0 || start >= frame_count) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("a clip cannot start at frame {} of a video of {}", start, frame_count));
    }
    offsets.push_back(static_cast<double>(start));
  }
  if (!offsets.empty()) return offsets;
  for (int64_t start = 0; static_cast<double>(start) <= last_offset; start += kC3dDistance) {
    offsets.push_back(static_cast<double>(start));
  }
  return offsets;
}

/// Clips of `size` frames one after the other, as long as they end inside the video.
std::vector<double> uniform_offsets(double size, int64_t frame_count) {
  const double end = static_cast<double>(frame_count) + kWholeFrame;
  std::vector<double> offsets = {0.0};
  for (int64_t k = 1; static_cast<double>(k + 1) * size <= end; ++k)
    offsets.push_back(static_cast<double>(k) * size);
  return offsets;
}

/// Offset of clip k of K, by the samplers that spread K clips over a video; `room` is n - size, at least 0.
double spread_offset(Sampler sampler, int64_t k, int64_t num_clips, int64_t frame_count, double room) {
  const auto index = static_cast<double>(k);
  const auto count = static_cast<double>(num_clips);
  const auto gaps = static_cast<double>(std::max<int64_t>(num_clips - 1, 1));
  switch (sampler) {
    case Sampler::kMmaction2:
      return num_clips == 1 ? std::floor(room / 2) : std::nearbyint(index * (room / gaps));
    case Sampler::kMmaction2Segments: {
      const double segment = static_cast<double>(frame_count) / count;
      return std::floor(index * segment + segment / 2);
    }
    case Sampler::kSlowfast:
      return room * index / count;
    case Sampler::kSlowfastOffset:
      return num_clips == 1 ? std::floor(room / 2) : index * std::floor(room / gaps);
    case Sampler::kPytorchvideo:
      return room / gaps * index;
    case Sampler::kTorchcodec:
      return std::floor(linspace(0.0, room, num_clips, k));
    case Sampler::kC3d:
    case Sampler::kDense:
    case Sampler::kTransformers:
      break;
  }
  throw Error(ErrorKind::kInternal,
              fmt::format("sampler '{}' does not spread a number of clips", name(sampler)));
}

std::vector<double> clip_offsets(const SamplingOptions& options, const ClipExtent& extent,
                                 int64_t frame_count) {
  const double room = std::max(static_cast<double>(frame_count) - extent.size, 0.0);
  if (options.stride) return sliding_offsets(room, *options.stride);
  if (options.sampler == Sampler::kDense) return sliding_offsets(room, 1);
  if (options.sampler == Sampler::kTransformers) return {0.0};
  if (options.sampler == Sampler::kC3d) return c3d_offsets(options, frame_count, room);
  if (options.num_clips == 0) return uniform_offsets(extent.size, frame_count);
  check_clip_count(extent, options.num_clips);
  std::vector<double> offsets;
  for (int64_t k = 0; k < options.num_clips; ++k) {
    offsets.push_back(spread_offset(options.sampler, k, options.num_clips, frame_count, room));
  }
  return offsets;
}

void check_options(const SamplingOptions& options) {
  check_size("clip_len", options.clip_len);
  check_size("frame_interval", options.frame_interval);
  if (options.num_clips != 0 || options.sampler != Sampler::kPytorchvideo)
    check_size("num_clips", options.num_clips);
  if (options.stride) check_size("stride", *options.stride);
  if (options.target_fps) check_rate("target_fps", *options.target_fps);
  if (!options.starts.empty() && options.sampler != Sampler::kC3d) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("listed starts belong to sampler 'c3d', not '{}'", name(options.sampler)));
  }
  if (options.sampler != Sampler::kMmaction2Segments) return;
  if (options.clip_len != 1 || options.stride) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("sampler 'mmaction2-2d' takes one frame from each of num_clips segments: it needs "
                    "clip_len 1 (found {}) and no stride",
                    options.clip_len));
  }
}

}  // namespace

std::string_view name(Sampler sampler) {
  return name_in(kSamplers, sampler);
}
std::string_view name(PastEnd policy) {
  return name_in(kPolicies, policy);
}
Sampler parse_sampler(std::string_view name) {
  return value_in(kSamplers, "sampler", name);
}
PastEnd parse_past_end(std::string_view name) {
  return value_in(kPolicies, "policy past the end", name);
}

const std::vector<std::string>& sampler_names() {
  static const std::vector<std::string> kNames = names_in(kSamplers);
  return kNames;
}

const std::vector<std::string>& past_end_names() {
  static const std::vector<std::string> kNames = names_in(kPolicies);
  return kNames;
}

int64_t effective_frame_interval(const SamplingOptions& options, double fps) {
  if (!options.target_fps || is_linspace(options.sampler)) return options.frame_interval;
  check_rate("target_fps", *options.target_fps);
  check_rate("the video's frames per second", fps);
  const double interval = std::nearbyint(fps / *options.target_fps);
  return static_cast<int64_t>(std::clamp(interval, 1.0, static_cast<double>(kMaxSize)));
}

ClipExtent clip_extent(const SamplingOptions& options, int64_t frame_count, double fps) {
  check_options(options);
  if (frame_count < 1)
    throw Error(ErrorKind::kInvalidArgument, "the video has no frames to take a clip from");
  if (frame_count > kMaxFrameCount) {
    throw Error(
        ErrorKind::kResourceLimit,
        fmt::format("the video has {} frames; clips are taken from {} at most", frame_count, kMaxFrameCount));
  }
  ClipExtent extent;
  extent.clip_len = options.clip_len;
  extent.interval = effective_frame_interval(options, fps);
  if (is_linspace(options.sampler)) {
    check_rate("the video's frames per second", fps);
    const auto frames = static_cast<double>(options.frame_interval * options.clip_len);
    extent.size = frames / options.target_fps.value_or(fps) * fps;
    extent.spacing = ClipExtent::Spacing::kSubsample;
    if (options.sampler != Sampler::kPytorchvideo) {
      extent.size = std::max(1.0, extent.size);
      extent.spacing = ClipExtent::Spacing::kLinspace;
    }
  } else if (options.sampler == Sampler::kTransformers) {
    extent.size = static_cast<double>(frame_count);
    extent.spacing = ClipExtent::Spacing::kSpread;
  } else {
    extent.size = static_cast<double>((extent.clip_len - 1) * extent.interval + 1);
  }
  if (!(extent.size > 0 && extent.size <= kMaxExtent)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a clip cannot span {:g} frames: check target_fps and frame_interval", extent.size));
  }
  if (options.past_end != PastEnd::kError) return extent;
  if (extent.spacing == ClipExtent::Spacing::kSpread && frame_count < extent.clip_len) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a clip of {} frames is spread over the whole video, but that has {}: take another "
                    "policy past the end (loop, repeat-last, wrap), under which frames are repeated",
                    extent.clip_len, frame_count));
  }
  if (extent.size > static_cast<double>(frame_count) + kWholeFrame) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a clip of {} frames spans {:g} frames, but the video has {}: take a smaller frame "
                    "interval, or another policy past the end (loop, repeat-last, wrap)",
                    extent.clip_len, extent.size, frame_count));
  }
  return extent;
}

void check_clip_count(const ClipExtent& extent, int64_t clip_count) {
  if (clip_count <= kMaxListedFrames / extent.clip_len) return;
  throw Error(ErrorKind::kResourceLimit, fmt::format("{} clips of {} frames are more than {} frames to list",
                                                     clip_count, extent.clip_len, kMaxListedFrames));
}

ClipPlan place_clip(const ClipExtent& extent, PastEnd past_end, int64_t frame_count, double offset) {
  ClipPlan plan{offset, named_frames(extent, frame_count, offset)};
  auto& frames = plan.frame_indices;
  const auto first_past =
      std::find_if(frames.begin(), frames.end(), [&](int64_t f) { return f >= frame_count; });
  if (first_past == frames.end()) return plan;
  const int64_t inside = first_past - frames.begin();
  for (int64_t j = inside; j < extent.clip_len; ++j) {
    int64_t& frame = frames[static_cast<size_t>(j)];
    switch (past_end) {
      case PastEnd::kLoop:
        frame %= frame_count;
        break;
      case PastEnd::kRepeatLast:
        frame = frame_count - 1;
        break;
      case PastEnd::kWrap:
        frame = frames[static_cast<size_t>(j % inside)];
        break;
      case PastEnd::kError:
        throw Error(
            ErrorKind::kInvalidArgument,
            fmt::format("the clip that starts at frame {:g} spans {:g} frames, but the video has {}: start "
                        "earlier, or take another policy past the end (loop, repeat-last, wrap)",
                        offset, extent.size, frame_count));
    }
  }
  return plan;
}

std::vector<ClipPlan> plan_clips(const SamplingOptions& options, int64_t frame_count, double fps) {
  const ClipExtent extent = clip_extent(options, frame_count, fps);
  const std::vector<double> offsets = clip_offsets(options, extent, frame_count);
  check_clip_count(extent, static_cast<int64_t>(offsets.size()));
  std::vector<ClipPlan> plans;
  plans.reserve(offsets.size());
  for (const double offset : offsets)
    plans.push_back(place_clip(extent, options.past_end, frame_count, offset));
  return plans;
}

}  // namespace relevid
