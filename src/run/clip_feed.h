// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <memory>
#include <span>
#include <thread>
#include <variant>
#include <vector>

#include "base/bounded_queue.h"
#include "relevid/preprocessing.h"
#include "relevid/tensor.h"
#include "run/plan.h"
#include "run/rows.h"

namespace relevid::run {

struct FeedOptions {
  PlanOptions plan;
  Preprocessing preprocessing;
  VideoOptions video;
  int64_t queue_bytes = int64_t{256} << 20;  ///< of clips that wait for the network
};

/// A video was opened; `clips` follow, in another order.
struct VideoOpened {
  VideoRow row;
  int64_t clips = 0;
};
struct ClipReady {
  PlannedClip plan;
  std::vector<double> pts_seconds;  ///< [T]
  Tensor clip;
};
/// It has no more clips. state other than kOk: what came before it is void.
struct VideoClosed {
  VideoRow row;
};
using FeedItem = std::variant<VideoOpened, ClipReady, VideoClosed>;

/// Decodes videos and makes their clips in a thread of its own, ahead of who takes them. Each video is
/// decoded once for all its clips; what is wrong with it is told in its row.
class ClipFeed {
 public:
  /// `rows`: which rows of the data set, in this order. `data` must outlive the feed.
  ClipFeed(const DataSet& data, std::vector<int64_t> rows, const FeedOptions& options);
  /// Stops the thread, whatever is left.
  ~ClipFeed();
  ClipFeed(const ClipFeed&) = delete;
  ClipFeed& operator=(const ClipFeed&) = delete;

  /// Waits for the next item; nothing after the last. Rethrows what broke the thread.
  std::optional<FeedItem> next();

 private:
  struct Stopped {};
  void run();
  void feed(int64_t index);
  void feed_clips(VideoRow& row);
  void push(FeedItem item);

  const DataSet& data_;
  std::vector<int64_t> rows_;
  FeedOptions options_;
  BoundedQueue<FeedItem> queue_;
  std::exception_ptr failure_;  ///< written before the queue is closed, read after
  std::thread thread_;
};

}  // namespace relevid::run
