// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "relevid/dataset.h"
#include "relevid/progress.h"
#include "run/clip_feed.h"

namespace relevid::run {

/// What is done with the videos of a run, one after another. Used from one thread.
class VideoTaker {
 public:
  virtual ~VideoTaker() = default;
  virtual void begin(const VideoOpened& video) = 0;
  /// An Error makes the video one that failed, and ends the run where it is kInternal; Interrupted ends the
  /// loop and leaves the video out.
  virtual void take(const ClipReady& clip) = 0;
  /// All clips of the video were taken.
  virtual void commit(const VideoRow& video) = 0;
  /// The video could not be done, and its row says why; what was taken of it, if it was begun, is void.
  virtual void fail(const VideoRow& video) = 0;
};

struct LoopOutcome {
  int64_t videos = 0;     ///< committed or failed
  bool finished = false;  ///< all of them
};

enum class AtInterrupt { kFinishVideo, kStop };

/// Hands every clip of the rows to `taker`, a video whole or with its error. When interrupted it finishes the
/// video it is at, or stops there and leaves it out. Throws Error for kInternal ones and for what commit and
/// fail throw.
LoopOutcome loop_over_videos(const DataSet& data, std::vector<int64_t> rows, const FeedOptions& feed,
                             VideoTaker& taker, const RunControl& control, AtInterrupt at_interrupt);

}  // namespace relevid::run
