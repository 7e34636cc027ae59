// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"
#include "relevid/tensor.h"

namespace RELEVID_EXPORT relevid {

/// Which package's rule places the clips of a video. n: frames, L: clip_len, s: frame_interval, K: num_clips,
/// k = 0 .. K-1, o: offset of clip k. All but the linspace samplers and kTransformers take the frames o +
/// j*s, j = 0 .. L-1.
enum class Sampler {
  /// mmaction2 SampleFrames, test mode. span = (L-1)s + 1, M = max(n - span, 0).
  /// K = 1: o = M // 2. K > 1: o = round(k * (M / (K-1))), half to even.
  kMmaction2,
  /// mmaction2 SampleFrames, test mode of 2-D networks (TSN segments): K clips of one frame (L must be 1),
  /// o = k * (n/K) + n/K/2, truncated.
  kMmaction2Segments,
  /// SlowFast decoder.get_start_end_idx and temporal_sampling. size = max(1, s*L*fps / target_fps)
  /// (target_fps:
  /// the video's own where not given), D = max(n - size, 0), o = D*k/K; frames: linspace(o, o + size - 1, L).
  kSlowfast,
  /// SlowFast with TEST.USE_OFFSET sampling: K = 1: o = floor(D/2), else k * floor(D / (K-1)).
  kSlowfastOffset,
  /// PyTorchVideo clip_sampling, in seconds. d = L*s / target_fps (the video's fps where not given), D = n /
  /// fps.
  /// K >= 1, ConstantClipsPerVideoSampler: start = k(D-d) / max(K-1, 1).
  /// K = 0, UniformClipSampler: starts 0, d, 2d ... while the clip ends inside the video (at least one).
  /// Frames: the t with start <= time < start + d, then UniformTemporalSubsample: linspace(0, t-1, L).
  kPytorchvideo,
  /// torchcodec clips_at_regular_indices: starts linspace(0, max(n-span+1, 1) - 1, K) as integers.
  kTorchcodec,
  /// C3D (Caffe): starts as listed (`starts`), or every 16 frames while the clip fits; s is its
  /// sampling_rate.
  kC3d,
  /// Every start that fits: 0 .. M.
  kDense,
  /// Hugging Face transformers, default_sample_indices_fn with num_frames: one clip spread over the whole
  /// video, frames j*n // L. It knows no interval, and repeats frames where n < L (transformers refuses).
  kTransformers,
};

/// Which frame stands for one past the end of the video.
enum class PastEnd {
  kLoop,        ///< index modulo n: on at the start of the video (mmaction2 "loop")
  kRepeatLast,  ///< index clamped to n - 1, the last frame of the video
  kWrap,        ///< the clip's own frames that exist, over and over (torchcodec "wrap")
  kError,       ///< Error(kInvalidArgument)
};

/// Which frames of a video become clips. Lengths and intervals in frames.
struct SamplingOptions {
  Sampler sampler = Sampler::kMmaction2;
  int64_t clip_len = 16;       ///< frames a clip has
  int64_t frame_interval = 1;  ///< step between them
  int64_t num_clips = 1;       ///< not used by kC3d, kDense and kTransformers, nor with `stride`
  /// Sliding windows over the whole video in place of the sampler's own offsets: 0, stride, 2*stride ... and
  /// a last clip that ends at the last frame. Not for kMmaction2Segments.
  std::optional<int64_t> stride;
  /// Frames per second the model expects. kSlowfast*, kPytorchvideo: see there. Others: replaces
  /// frame_interval by max(1, round(fps / target_fps)), half to even.
  std::optional<double> target_fps;
  std::vector<int64_t> starts;  ///< kC3d: first frames of the clips
  PastEnd past_end = PastEnd::kRepeatLast;
  bool operator==(const SamplingOptions&) const = default;
};

/// One clip: where it starts (whole frames but for the linspace samplers) and the frames it really takes.
struct ClipPlan {
  double offset = 0;
  std::vector<int64_t> frame_indices;  ///< [clip_len], each in [0, frame_count)
  bool operator==(const ClipPlan&) const = default;
};

/// The name used on the command line: "mmaction2", "mmaction2-2d", "slowfast", "loop", "repeat-last" ...
std::string_view name(Sampler sampler);
/// The name used on the command line.
std::string_view name(PastEnd policy);
/// The inverse of name. Throws Error(kInvalidArgument) with the list of names and the nearest one.
Sampler parse_sampler(std::string_view name);
/// The inverse of name. Throws Error(kInvalidArgument) with the list of names and the nearest one.
PastEnd parse_past_end(std::string_view name);
/// All names, as name() has them.
const std::vector<std::string>& sampler_names();
/// All names, as name() has them.
const std::vector<std::string>& past_end_names();

/// The step between frames for a video of this rate: frame_interval, or what target_fps makes of it.
int64_t effective_frame_interval(const SamplingOptions& options, double fps);

/// The clips of a video at test time. Throws Error(kInvalidArgument) for an empty video, sizes below 1, a
/// rate that is needed and not positive, PastEnd::kError; Error(kResourceLimit) for absurdly many frames.
std::vector<ClipPlan> plan_clips(const SamplingOptions& options, int64_t frame_count, double fps);

/// num_clips clips at random offsets, for training; the same seed gives the same clips on every machine.
/// Errors as plan_clips. kMmaction2*: SampleFrames in training mode: span = L*s, a = (n - span + 1) // K; a >
/// 0: k*a + randint(a); else n > max(K, span): sorted randint(n - span + 1); else a = 0: round(k(n - span +
/// 1) / K); else 0. kSlowfast*, kPytorchvideo: uniform real in [0, n - size]. kTransformers: every clip is
/// the whole video. Others (the paper, torchcodec): uniform over all that fit.
std::vector<ClipPlan> plan_random_clips(const SamplingOptions& options, int64_t frame_count, double fps,
                                        uint64_t seed);

/// The temporal border of a clip: this many frames at either end, an eighth of the clip and one at least.
/// Every number and every shading that speaks of a border means these frames (an audit lists further widths
/// by their k).
constexpr int64_t border_frames(int64_t clip_len) {
  return clip_len < 16 ? 1 : clip_len / 8;
}

/// Values per clip and frame, brought back to the frames of the video.
struct FrameValues {
  std::vector<int64_t> frame_indices;  ///< [F] frames that at least one clip takes, ascending
  std::vector<int64_t> clip_counts;    ///< [F] how many clips take it: the weight of its value
  Tensor values;                       ///< [F, ...] float32
};

/// Combines `values` ([N, T, ...] float32: one entry per clip and position) over overlapping clips. Note
/// [Copies]: positions of one clip that show the same frame are averaged, so that a frame counts once however
/// often the clip repeats it, and values that are even over the clip's positions stay even over the video's
/// frames; then the clips that cover a frame are averaged. Throws Error(kInvalidArgument) where shapes do not
/// fit the plans.
FrameValues combine_over_clips(std::span<const ClipPlan> plans, const Tensor& values);

/// Which (clip, position) pairs show a frame; ascending by frame.
struct CoveredFrame {
  /// A place in a clip.
  struct Position {
    int64_t clip = 0;
    int64_t position = 0;
    bool operator==(const Position&) const = default;
  };
  int64_t frame_index = 0;
  std::vector<Position> positions;
};
/// The frames that clips show, ascending; each once, with every place that shows it.
std::vector<CoveredFrame> covered_frames(std::span<const ClipPlan> plans);

/// How often clips show a frame that they have shown before: those of videos shorter than a clip, or of a
/// lower rate.
struct RepeatedFrames {
  int64_t clips = 0;   ///< that repeat a frame
  int64_t copies = 0;  ///< positions whose frame an earlier one has; of the clip with most of them
};
/// Counted over the clips of one video.
RepeatedFrames repeated_frames(std::span<const ClipPlan> plans);

}  // namespace relevid
