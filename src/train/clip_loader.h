// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <variant>
#include <vector>

#include "relevid/tensor.h"
#include "train/cached_video.h"
#include "train/clip_cutter.h"

namespace relevid::train {

struct TrainingVideo {
  std::shared_ptr<const CachedVideo> frames;
  int64_t label = 0;
};

/// One clip. All that is random about it comes from its own seed, so it is the same whatever the number of
/// threads, and wherever a run was resumed.
struct ClipRequest {
  int64_t video = 0;                   ///< in the list of videos
  std::vector<int64_t> frame_indices;  ///< [clip_len], each in [0, frame_count)
  int64_t label = 0;
  uint64_t seed = 0;
  bool operator==(const ClipRequest&) const = default;
};

struct Batch {
  Tensor clips;                 ///< [B, ...] float32, in the Preprocessing's layout
  std::vector<int64_t> labels;  ///< [B]
  std::vector<int64_t> videos;  ///< [B] in the list of videos
};

struct ClipLoaderOptions {
  enum class LastBatch {
    kKeep,  ///< may be smaller than the others
    kDrop,  ///< where it would be
  };
  int64_t batch_size = 8;
  int64_t threads = 1;        ///< each cuts whole batches; more than batches_ahead have nothing to do
  int64_t batches_ahead = 2;  ///< that are cut, or being cut, while the caller computes on another
  LastBatch last_batch = LastBatch::kKeep;
};

/// Cuts the clips of an epoch in threads of its own and hands them over in the order they were asked for: the
/// same batches for any number of threads. next() is for one thread at a time. A loader can be left at any
/// time; it then stops within a clip.
class ClipLoader {
 public:
  /// Throws Error(kInvalidArgument) for sizes below 1, a video that is not in the list, and clips that make
  /// no batch: of different numbers of frames, or pixels (videos resized to different sizes and not cropped).
  ClipLoader(std::vector<TrainingVideo> videos, std::vector<ClipRequest> requests,
             const Preprocessing& preprocessing, const Augmentation& augmentation,
             const ClipLoaderOptions& options = {});
  ~ClipLoader();
  ClipLoader(const ClipLoader&) = delete;
  ClipLoader& operator=(const ClipLoader&) = delete;

  /// The next batch, or nothing after the last. What went wrong in cutting a batch is thrown in its place,
  /// and by every call after it.
  std::optional<Batch> next();

 private:
  using Outcome = std::variant<Batch, std::exception_ptr>;

  Shape common_clip_shape() const;
  void work(const std::stop_token& stop);
  Outcome cut_batch(int64_t batch, const std::stop_token& stop) const;
  std::span<const ClipRequest> requests_of(int64_t batch) const;

  const std::vector<TrainingVideo> videos_;
  const std::vector<ClipRequest> requests_;
  const ClipLoaderOptions options_;
  const ClipCutter cutter_;
  int64_t batch_count_ = 0;
  Shape clip_shape_;  ///< batch of one

  std::mutex mutex_;  ///< of all below, but for the threads
  std::condition_variable_any room_;
  std::condition_variable_any ready_;
  std::map<int64_t, Outcome> outcomes_;  ///< by batch: cut, and not yet handed over
  int64_t begun_ = 0;                    ///< batches that a thread has taken up
  int64_t handed_over_ = 0;
  std::vector<std::jthread> threads_;  ///< the last member: ends before what it uses
};

}  // namespace relevid::train
