// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <exception>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "relevid/error.h"
#include "relevid/video.h"
#include "video/encoder.h"
#include "video/ffmpeg.h"
#include "video/overlay_file.h"

namespace relevid {
namespace {

constexpr int64_t kMaxSide = 16384;  // H.264's own limit

void require_valid(int64_t width, int64_t height, const VideoWriterOptions& options) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a video of {}x{} cannot be written; 1 to {} pixels a side can", width, height,
                            kMaxSide));
  }
  if (!(options.fps > 0) || !(options.fps <= kTicksPerSecond)) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a video at {} frames per second cannot be written; more than 0 and at most {} can",
                    options.fps, kTicksPerSecond));
  }
  if (options.crf < 1 || options.crf > 51 || options.threads < 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("crf {} with {} threads: crf goes from 1 to 51, threads from 0", options.crf,
                            options.threads));
  }
}

}  // namespace

/// Encoding has a thread of its own, a few frames later than they are drawn.
struct VideoWriter::Implementation {
  Implementation(const std::filesystem::path& final_path, int64_t frame_width, int64_t frame_height,
                 const VideoWriterOptions& options)
      : path(final_path),
        width(frame_width),
        height(frame_height),
        file(final_path, frame_width, frame_height, options),
        encoder([this] { encode(); }) {}
  ~Implementation() { stop(); }

  void encode();
  void stop();
  /// Waits for all frames; throws what kept one from being written.
  void wait();

  struct DrawnFrame {
    std::vector<uint8_t> rgb;
    int64_t pts_ticks;
  };
  static constexpr size_t kFramesAhead = 4;

  std::filesystem::path path;
  int64_t width;
  int64_t height;
  OverlayFile file;
  int64_t last_pts_ticks = -1;
  bool finished = false;
  BoundedQueue<DrawnFrame> frames{kFramesAhead};
  std::exception_ptr failure;  ///< written before the queue is closed, read after the thread's end
  std::thread encoder;
};

void VideoWriter::Implementation::encode() {
  try {
    while (const auto frame = frames.pop()) file.add(frame->rgb, frame->pts_ticks);
  } catch (...) {
    failure = std::current_exception();
    frames.close();
  }
}

void VideoWriter::Implementation::stop() {
  frames.close();
  if (encoder.joinable()) encoder.join();
}

void VideoWriter::Implementation::wait() {
  stop();
  if (failure) std::rethrow_exception(failure);
}

VideoWriter::VideoWriter(const std::filesystem::path& path, int64_t width, int64_t height,
                         const VideoWriterOptions& options) {
  silence_log();
  require_valid(width, height, options);
  implementation_ = std::make_unique<Implementation>(path, width, height, options);
}
VideoWriter::~VideoWriter() = default;
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;

void VideoWriter::write(std::span<const uint8_t> rgb, double pts_seconds) {
  Implementation& writer = *implementation_;
  if (writer.finished) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} is finished; no frame can follow", writer.path.string()));
  }
  if (std::ssize(rgb) != writer.width * writer.height * 3) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a frame of {} bytes for a video of {}x{}, whose frames have {}", rgb.size(),
                            writer.width, writer.height, writer.width * writer.height * 3));
  }
  const double ticks = std::round(pts_seconds * kTicksPerSecond);
  if (!(ticks > static_cast<double>(writer.last_pts_ticks)) || !(ticks < 1e15)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a frame at {} s after one at {} s; times must ascend from 0, by 1/{} s at least",
                            pts_seconds, static_cast<double>(writer.last_pts_ticks) / kTicksPerSecond,
                            kTicksPerSecond));
  }
  const auto pts_ticks = static_cast<int64_t>(ticks);
  if (!writer.frames.push({{rgb.begin(), rgb.end()}, pts_ticks})) writer.wait();
  writer.last_pts_ticks = pts_ticks;
}

void VideoWriter::finish() {
  if (implementation_->finished) return;
  if (implementation_->last_pts_ticks < 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("no frame was written to {}", implementation_->path.string()));
  }
  implementation_->wait();
  try {
    implementation_->file.finish();
  } catch (...) {
    implementation_->failure = std::current_exception();
    throw;
  }
  implementation_->finished = true;
}

}  // namespace relevid
