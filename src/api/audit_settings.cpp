// SPDX-License-Identifier: Apache-2.0
#include "api/audit_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "relevid/error.h"

namespace relevid {

namespace {

/// Samplers that count frames in the model's rate, by whatever rate the video has; for the others a rate
/// stands in place of the interval.
bool keeps_interval_at_rate(Sampler sampler) {
  return sampler == Sampler::kSlowfast || sampler == Sampler::kSlowfastOffset ||
         sampler == Sampler::kPytorchvideo;
}

void require_interval(Sampler sampler) {
  if (sampler != Sampler::kTransformers) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("sampler '{}' spreads a clip over the whole video, so that its frames lie at another "
                  "interval in every video, and clips are compared at given intervals here: name "
                  "another sampler with --sampler, such as {}",
                  name(sampler), name(Sampler::kMmaction2)));
}

template <class T>
void sort_once(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

run::PlanOptions plan_of(const AuditOptions& options) {
  const SamplingOptions& sampling = options.settings.sampling;
  require_interval(sampling.sampler);
  run::PlanOptions plan;
  plan.sampling = sampling;
  plan.fps = options.fps ? options.fps : sampling.target_fps;
  const bool by_rate = sampling.target_fps && !keeps_interval_at_rate(sampling.sampler);
  plan.base_interval = options.base_interval.value_or(by_rate ? 1 : sampling.frame_interval);
  plan.intervals = options.intervals;
  plan.intervals.push_back(plan.base_interval);
  sort_once(plan.intervals);
  plan.controls = options.controls;
  sort_once(plan.controls);
  plan.control_clips = options.control_clips;
  plan.shift_frames =
      options.shift_frames.value_or(std::max<int64_t>(1, sampling.clip_len / 4) * plan.base_interval);
  plan.seed = options.seed;
  run::require_valid(plan);
  return plan;
}

}  // namespace relevid
