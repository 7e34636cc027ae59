// SPDX-License-Identifier: Apache-2.0
#include "run/clip_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <system_error>

#include "relevid/error.h"
#include "run/content_hash.h"
#include "video/frame_groups.h"

namespace relevid::run {
namespace {

/// As many clips as fit, but some, and not so many that stopping would take long.
size_t capacity(const FeedOptions& options) {
  const Preprocessing& p = options.preprocessing;
  const Size size = p.crop ? *p.crop : p.spatial == Spatial::kStretch ? p.stretch : Size{256, 256};
  const int64_t bytes = 3 * 4 * options.plan.sampling.clip_len * size.height * size.width;
  return static_cast<size_t>(std::clamp<int64_t>(options.queue_bytes / std::max<int64_t>(1, bytes), 2, 64));
}

VideoState state_of(ErrorKind kind) {
  return kind == ErrorKind::kIo || kind == ErrorKind::kCorruptInput ? VideoState::kUnreadable
                                                                    : VideoState::kFailed;
}

void fail(VideoRow& row, VideoState state, ErrorKind kind, const std::string& message) {
  row.state = state;
  row.error_kind = name(kind);
  row.error = message;
}

void require_content(const VideoRow& row) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(row.path, error)) return;
  if (std::filesystem::file_size(row.path, error) == 0 && !error)
    throw Error(ErrorKind::kCorruptInput, row.path + " is empty: a file of 0 bytes");
}

}  // namespace

ClipFeed::ClipFeed(const DataSet& data, std::vector<int64_t> rows, const FeedOptions& options)
    : data_(data), rows_(std::move(rows)), options_(options), queue_(capacity(options)), thread_([this] {
        run();
      }) {}

ClipFeed::~ClipFeed() {
  queue_.close();
  thread_.join();
}

std::optional<FeedItem> ClipFeed::next() {
  auto item = queue_.pop();
  if (!item && failure_) std::rethrow_exception(failure_);
  return item;
}

void ClipFeed::push(FeedItem item) {
  if (!queue_.push(std::move(item))) throw Stopped{};
}

void ClipFeed::run() {
  try {
    for (const int64_t index : rows_) feed(index);
  } catch (const Stopped&) {  // nobody wants more
  } catch (...) {
    failure_ = std::current_exception();
  }
  queue_.close();
}

void ClipFeed::feed(int64_t index) {
  const DataRow& source = data_.rows[static_cast<size_t>(index)];
  VideoRow row;
  row.index = index;
  row.name = source.name;
  row.path = source.path.string();
  row.label = source.label;
  try {
    if (!source.error.empty()) throw Error(ErrorKind::kIo, fmt::format("{}: {}", row.path, source.error));
    feed_clips(row);
  } catch (const Error& error) {
    fail(row, state_of(error.kind()), error.kind(), error.what());
    std::error_code ignored;
    if (std::filesystem::is_regular_file(row.path, ignored) &&
        std::filesystem::file_size(row.path, ignored) == 0)
      row.state = VideoState::kEmpty;
  } catch (const std::bad_alloc&) {
    fail(row, VideoState::kFailed, ErrorKind::kResourceLimit, "out of memory");
  } catch (const std::system_error& error) {
    fail(row, VideoState::kUnreadable, ErrorKind::kIo, error.what());
  }
  push(VideoClosed{std::move(row)});
}

void ClipFeed::feed_clips(VideoRow& row) {
  require_content(row);
  row.sha256 = content_hash(row.path);
  VideoReader reader(row.path, options_.video);
  const VideoInfo& info = reader.info();
  row.fps = info.fps;
  row.frame_count = info.frame_count;
  row.width = info.width;
  row.height = info.height;
  const auto clips = plan_video(options_.plan, info, row.name);
  if (clips.empty()) {
    const int64_t needed = (options_.plan.sampling.clip_len - 1) * options_.plan.intervals.front() + 1;
    fail(
        row, VideoState::kTooShort, ErrorKind::kInvalidArgument,
        fmt::format(
            "{} frames{}; a clip spans {} at the smallest interval", info.frame_count,
            options_.plan.fps ? fmt::format(" before resampling to {:g} per second", *options_.plan.fps) : "",
            needed));
    return;
  }
  push(VideoOpened{row, std::ssize(clips)});
  std::vector<std::vector<int64_t>> groups;
  for (const PlannedClip& clip : clips) groups.push_back(clip.frame_indices);
  ClipMaker maker(options_.preprocessing);
  stream_groups(
      reader, groups, [&](const Frame& frame) { return maker.resize(frame); },
      [&](int64_t group, std::span<const ResizedFrame* const> frames) {
        ClipReady ready{clips[static_cast<size_t>(group)], {}, maker.clip(frames)};
        for (const ResizedFrame* frame : frames) ready.pts_seconds.push_back(frame->pts_seconds);
        push(std::move(ready));
      });
}

}  // namespace relevid::run
