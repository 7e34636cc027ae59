// SPDX-License-Identifier: Apache-2.0
#include "run/video_loop.h"

#include <new>
#include <optional>

#include "relevid/error.h"

namespace relevid::run {
namespace {

class Loop {
 public:
  Loop(VideoTaker& taker, const RunControl& control, AtInterrupt at_interrupt)
      : taker_(taker), control_(control), at_interrupt_(at_interrupt) {}

  LoopOutcome run(const DataSet& data, std::vector<int64_t> rows, const FeedOptions& options) {
    const int64_t videos = std::ssize(rows);
    ClipFeed feed(data, std::move(rows), options);
    while (outcome_.videos < videos && !stops()) {
      auto item = feed.next();
      if (!item) throw Error(ErrorKind::kInternal, "the videos ended before the last of them");
      try {
        std::visit([this](auto& what) { take(what); }, *item);
      } catch (const Interrupted&) {
        return outcome_;
      }
    }
    outcome_.finished = outcome_.videos == videos;
    return outcome_;
  }

 private:
  bool stops() const { return control_.interrupted() && (at_interrupt_ == AtInterrupt::kStop || !open_); }

  void take(const VideoOpened& opened) {
    open_ = true;
    taker_.begin(opened);
  }

  void take(const ClipReady& clip) {
    if (failure_) return;  // of a video that has failed already
    try {
      taker_.take(clip);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      failure_.emplace(error);
    } catch (const std::bad_alloc&) {
      failure_.emplace(ErrorKind::kResourceLimit, "out of memory");
    }
  }

  void take(VideoClosed& closed) {
    VideoRow& row = closed.row;
    if (failure_ && row.state == VideoState::kOk) {
      row.state = VideoState::kFailed;
      row.error_kind = name(failure_->kind());
      row.error = failure_->what();
    }
    if (open_ && row.state == VideoState::kOk) {
      taker_.commit(row);
    } else {
      taker_.fail(row);
    }
    open_ = false;
    failure_.reset();
    ++outcome_.videos;
  }

  VideoTaker& taker_;
  const RunControl& control_;
  AtInterrupt at_interrupt_;
  bool open_ = false;
  std::optional<Error> failure_;
  LoopOutcome outcome_;
};

}  // namespace

LoopOutcome loop_over_videos(const DataSet& data, std::vector<int64_t> rows, const FeedOptions& feed,
                             VideoTaker& taker, const RunControl& control, AtInterrupt at_interrupt) {
  return Loop(taker, control, at_interrupt).run(data, std::move(rows), feed);
}

}  // namespace relevid::run
