// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/video.h"
#include "video/colour.h"
#include "video/encoder.h"
#include "video/ffmpeg.h"

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

PictureSize even(int64_t width, int64_t height) {
  return {width + width % 2, height + height % 2};
}

/// Copies dense pixels into a frame that may be one column and one row larger, which repeat the last ones.
void copy_padded(std::span<const uint8_t> rgb, int64_t width, int64_t height, AVFrame& frame) {
  for (int64_t y = 0; y < frame.height; ++y) {
    const uint8_t* from = rgb.data() + std::min(y, height - 1) * width * 3;
    uint8_t* to = frame.data[0] + y * frame.linesize[0];
    std::memcpy(to, from, static_cast<size_t>(width * 3));
    if (frame.width > width) std::memcpy(to + width * 3, from + (width - 1) * 3, 3);
  }
}

}  // namespace

struct VideoWriter::Implementation {
  Implementation(const std::filesystem::path& final_path, int64_t frame_width, int64_t frame_height,
                 const VideoWriterOptions& options);

  void encode(const AVFrame* frame);
  void finish();
  int check_written(int status) const { return check(status, ErrorKind::kIo, "cannot write", path); }

  std::filesystem::path path;
  int64_t width;
  int64_t height;
  AtomicFile file;
  IoContextPtr io;
  OutputContextPtr format;
  CodecContextPtr codec;
  AVStream* stream = nullptr;  ///< owned by format
  YuvConverter converter;
  FramePtr rgb_frame;
  FramePtr yuv_frame;
  PacketPtr packet;
  int64_t frame_ticks;  ///< a frame's nominal duration
  int64_t last_pts_ticks = -1;
  bool finished = false;
};

VideoWriter::Implementation::Implementation(const std::filesystem::path& final_path, int64_t frame_width,
                                            int64_t frame_height, const VideoWriterOptions& options)
    : path(final_path),
      width(frame_width),
      height(frame_height),
      file(final_path),
      codec(open_h264_encoder(even(width, height), options)),
      converter(even(width, height)),
      rgb_frame(allocate_frame(even(width, height), AV_PIX_FMT_RGB24)),
      yuv_frame(allocate_frame(even(width, height), AV_PIX_FMT_YUV420P)),
      packet(own<PacketPtr>(av_packet_alloc())),
      frame_ticks(std::llround(kTicksPerSecond / options.fps)) {
  const std::string url = file_url(file.temporary_path());
  AVFormatContext* raw = nullptr;
  check_written(avformat_alloc_output_context2(&raw, nullptr, "mp4", url.c_str()));
  format.reset(raw);
  stream = avformat_new_stream(format.get(), nullptr);
  if (stream == nullptr) throw Error(ErrorKind::kResourceLimit, "out of memory (FFmpeg)");
  check_written(avcodec_parameters_from_context(stream->codecpar, codec.get()));
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;

  AVIOContext* raw_io = nullptr;
  check_written(avio_open(&raw_io, url.c_str(), AVIO_FLAG_WRITE));
  io.reset(raw_io);
  format->pb = io.get();
  OptionSet muxer_options;
  muxer_options.set("movflags", "+faststart+write_colr");
  muxer_options.set("video_track_timescale", int64_t{kTicksPerSecond});
  check_written(avformat_write_header(format.get(), muxer_options.address()));
}

void VideoWriter::Implementation::encode(const AVFrame* frame) {
  check_written(avcodec_send_frame(codec.get(), frame));
  for (;;) {
    const int status = avcodec_receive_packet(codec.get(), packet.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    check_written(status);
    packet->stream_index = stream->index;
    packet->duration = frame_ticks;  // counts for the last frame only; the others last until the next one
    av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
    check_written(av_interleaved_write_frame(format.get(), packet.get()));
    check_written(io->error);
  }
}

void VideoWriter::Implementation::finish() {
  encode(nullptr);
  check_written(av_write_trailer(format.get()));
  avio_flush(io.get());
  check_written(io->error);
  format->pb = nullptr;
  AVIOContext* raw_io = io.release();
  check_written(avio_closep(&raw_io));
  file.commit();
  finished = true;
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
  copy_padded(rgb, writer.width, writer.height, *writer.rgb_frame);
  // The encoder may still hold the last frame's buffer.
  writer.check_written(av_frame_make_writable(writer.yuv_frame.get()));
  writer.converter.convert(*writer.rgb_frame, *writer.yuv_frame);
  writer.yuv_frame->pts = writer.last_pts_ticks = static_cast<int64_t>(ticks);
  writer.encode(writer.yuv_frame.get());
}

void VideoWriter::finish() {
  if (implementation_->finished) return;
  if (implementation_->last_pts_ticks < 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("no frame was written to {}", implementation_->path.string()));
  }
  implementation_->finish();
}

}  // namespace relevid
