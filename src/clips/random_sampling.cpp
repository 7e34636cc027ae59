// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "clips/sampling_parts.h"
#include "relevid/sampling.h"

namespace relevid {
namespace {

/// SplitMix64 (Steele, Lea, Flood 2014). The standard library's distributions differ between implementations,
/// and a training run has to be the same everywhere.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : state_(seed) {}

  uint64_t bits() {
    state_ += 0x9E3779B97F4A7C15ULL;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, end), without the bias of a plain remainder.
  int64_t below(int64_t end) {
    const auto range = static_cast<uint64_t>(end);
    const uint64_t first_fair = (0 - range) % range;
    uint64_t value = bits();
    while (value < first_fair) value = bits();
    return static_cast<int64_t>(value % range);
  }

  /// Uniform in [0, 1), 53 bits.
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

std::vector<double> mmaction2_training_offsets(const ClipExtent& extent, int64_t num_clips,
                                               int64_t frame_count, RandomNumbers& random) {
  const int64_t span = extent.clip_len * extent.interval;
  const int64_t starts = frame_count - span + 1;
  const int64_t average = floor_divide(starts, num_clips);
  std::vector<double> offsets(static_cast<size_t>(num_clips), 0.0);
  for (int64_t k = 0; k < num_clips; ++k) {
    double& offset = offsets[static_cast<size_t>(k)];
    if (average > 0) {
      offset = static_cast<double>(k * average + random.below(average));
    } else if (frame_count > std::max(num_clips, span)) {
      offset = static_cast<double>(random.below(starts));
    } else if (average == 0) {
      // With one-frame clips the formula can round up to n itself, where there is no frame to start at.
      const double ratio = static_cast<double>(starts) / static_cast<double>(num_clips);
      offset = std::min(std::nearbyint(static_cast<double>(k) * ratio), static_cast<double>(frame_count - 1));
    }
  }
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

}  // namespace

std::vector<ClipPlan> plan_random_clips(const SamplingOptions& options, int64_t frame_count, double fps,
                                        uint64_t seed) {
  const ClipExtent extent = clip_extent(options, frame_count, fps);
  const int64_t num_clips = std::max<int64_t>(options.num_clips, 1);
  check_clip_count(extent, num_clips);
  RandomNumbers random(seed);
  std::vector<double> offsets;
  if (options.sampler == Sampler::kMmaction2 || options.sampler == Sampler::kMmaction2Segments) {
    offsets = mmaction2_training_offsets(extent, num_clips, frame_count, random);
  } else {
    const double room = std::max(static_cast<double>(frame_count) - extent.size, 0.0);
    for (int64_t k = 0; k < num_clips; ++k) {
      offsets.push_back(extent.spacing == ClipExtent::Spacing::kInterval
                            ? static_cast<double>(random.below(static_cast<int64_t>(room) + 1))
                            : random.unit() * room);
    }
  }
  std::vector<ClipPlan> plans;
  for (const double offset : offsets)
    plans.push_back(place_clip(extent, options.past_end, frame_count, offset));
  return plans;
}

}  // namespace relevid
