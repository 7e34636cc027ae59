// SPDX-License-Identifier: Apache-2.0
#include "api/clip_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "api/layout.h"
#include "base/run_ahead.h"
#include "base/suggest.h"
#include "explain/volume.h"
#include "relevid/error.h"
#include "relevid/npz.h"
#include "video/frame_groups.h"

namespace relevid {
namespace {

constexpr size_t kClipsAhead = 2;  // decoded while others are explained

ClipSource numbers_source(const std::filesystem::path& input, const InputOptions& options,
                          const Shape& clip_shape) {
  const auto clips = std::make_shared<Tensor>(read_clip(input, options.input_key));
  const Shape wanted = ncthw_shape(clip_shape, options.layout);
  Shape single = clips->shape();
  if (single.rank() == 5) single[0] = 1;
  if (single != wanted || clips->shape()[0] < 1) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} holds {}, and the model takes clips of {}, as [N, C, T, H, W]",
                            input.string(), clips->shape().to_string(), wanted.to_string()));
  }
  ClipSource source;
  source.plans.resize(static_cast<size_t>(clips->shape()[0]));
  for (ClipPlan& plan : source.plans) {
    plan.frame_indices.resize(static_cast<size_t>(wanted[2]));
    std::iota(plan.frame_indices.begin(), plan.frame_indices.end(), int64_t{0});
  }
  source.for_each_clip = [clips, layout = options.layout](const auto& take) {
    for (int64_t n = 0; n < clips->shape()[0]; ++n) take(n, from_ncthw(item_of(*clips, n), layout));
  };
  return source;
}

ClipSource video_source(const std::filesystem::path& input, const InputOptions& options) {
  if (!options.settings) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format(
            "nothing says how frames become this model's input. Put MODEL.json or the processor's file of a "
            "Hugging Face folder beside the model, or give --preprocess with one of: {}",
            fmt::join(preprocessing_names(), ", ")));
  }
  const ModelSettings& settings = *options.settings;
  const auto reader = std::make_shared<VideoReader>(input, options.video);
  ClipSource source;
  source.video = reader->info();
  source.geometry = geometry(settings.preprocessing, source.video->width, source.video->height);
  source.preprocessing = settings.preprocessing;
  source.plans = plan_clips(settings.sampling, source.video->frame_count, source.video->fps);
  std::vector<std::vector<int64_t>> groups;
  for (const ClipPlan& plan : source.plans) groups.push_back(plan.frame_indices);
  source.for_each_clip = [reader, groups, preprocessing = settings.preprocessing](const auto& take) {
    using Clip = std::pair<int64_t, Tensor>;
    const auto decode = [&](const auto& give) {
      ClipMaker maker(preprocessing);
      stream_groups(
          *reader, groups, [&](const Frame& frame) { return maker.resize(frame); },
          [&](int64_t index, std::span<const ResizedFrame* const> frames) {
            give(Clip(index, maker.clip(frames)));
          });
    };
    run_ahead<Clip>(kClipsAhead, decode, [&](const Clip& clip) { take(clip.first, clip.second); });
  };
  return source;
}

}  // namespace

ClipSource open_clips(const std::filesystem::path& input, const Shape& clip_shape,
                      const InputOptions& options) {
  return is_clip_file(input) ? numbers_source(input, options, clip_shape) : video_source(input, options);
}

bool is_clip_file(const std::filesystem::path& path) {
  return path.extension() == ".npy" || path.extension() == ".npz";
}

Tensor read_clip(const std::filesystem::path& path, const std::string& key) {
  Tensor clip;
  if (path.extension() == ".npy") {
    clip = read_npy(path);
  } else {
    auto arrays = read_npz(path);
    std::vector<std::string> names;
    for (const auto& [name, tensor] : arrays) names.push_back(name);
    const std::string wanted = !key.empty() ? key : names.size() == 1 ? names[0] : "clip";
    const auto found = arrays.find(wanted);
    if (found == arrays.end()) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("{} has no array '{}'{}; it has {}. Name one with --input-key", path.string(),
                              wanted, did_you_mean(wanted, names), fmt::join(names, ", ")));
    }
    clip = std::move(found->second);
  }
  if (clip.dtype() != DType::kF32 && clip.dtype() != DType::kF64) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} holds {}; a clip is float32, as the model takes it", path.string(),
                            name(clip.dtype())));
  }
  return clip.cast(DType::kF32);
}

}  // namespace relevid
