// SPDX-License-Identifier: Apache-2.0
#include "train/epoch.h"

#include <fmt/format.h>

#include <utility>

#include "base/random.h"
#include "relevid/error.h"

namespace relevid::train {
namespace {

/// kTorchcodec draws uniformly over all starts that fit.
SamplingOptions training_sampling(const SamplingOptions& sampling, int64_t clips_per_video) {
  SamplingOptions options = sampling;
  const bool places_frames =
      sampling.sampler == Sampler::kSlowfast || sampling.sampler == Sampler::kSlowfastOffset ||
      sampling.sampler == Sampler::kPytorchvideo || sampling.sampler == Sampler::kTransformers;
  if (!places_frames) options.sampler = Sampler::kTorchcodec;
  options.num_clips = clips_per_video;
  options.stride.reset();
  options.starts.clear();
  return options;
}

std::vector<ClipPlan> plan_video(const CachedVideo& video, const SamplingOptions& options,
                                 uint64_t seed) try {
  return plan_random_clips(options, video.frame_count(), video.fps(), seed);
} catch (const Error& error) {
  throw Error(error.kind(), fmt::format("{}: {}", video.video().string(), error.what()));
}

/// Fisher and Yates.
void shuffle(std::vector<ClipRequest>& requests, Random random) {
  for (auto i = static_cast<int64_t>(requests.size()) - 1; i > 0; --i) {
    std::swap(requests[static_cast<size_t>(i)], requests[static_cast<size_t>(random.below(i + 1))]);
  }
}

}  // namespace

std::vector<ClipRequest> plan_epoch(std::span<const TrainingVideo> videos, const SamplingOptions& sampling,
                                    int64_t clips_per_video, int64_t epoch, uint64_t seed) {
  if (clips_per_video < 1 || epoch < 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("epoch {} with {} clips a video; epochs count from 0, clips from 1", epoch,
                            clips_per_video));
  }
  const SamplingOptions options = training_sampling(sampling, clips_per_video);
  const uint64_t epoch_seed = mix(seed, static_cast<uint64_t>(epoch));
  std::vector<ClipRequest> requests;
  for (size_t i = 0; i < videos.size(); ++i) {
    const uint64_t video_seed = mix(epoch_seed, i + 1);
    uint64_t clip = 0;
    for (ClipPlan& plan : plan_video(*videos[i].frames, options, mix(video_seed, 0))) {
      requests.push_back(
          {static_cast<int64_t>(i), std::move(plan.frame_indices), videos[i].label, mix(video_seed, ++clip)});
    }
  }
  shuffle(requests, Random(mix(epoch_seed, 0)));
  return requests;
}

}  // namespace relevid::train
