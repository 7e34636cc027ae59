// SPDX-License-Identifier: Apache-2.0
#include "video/overlay_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "relevid/error.h"
#include "video/encoder.h"

namespace relevid {
namespace {

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

OverlayFile::OverlayFile(const std::filesystem::path& final_path, int64_t width, int64_t height,
                         const VideoWriterOptions& options)
    : path_(final_path),
      size_{width, height},
      file_(final_path),
      codec_(open_h264_encoder(even(width, height), options)),
      converter_(even(width, height)),
      rgb_frame_(allocate_frame(even(width, height), AV_PIX_FMT_RGB24)),
      yuv_frame_(allocate_frame(even(width, height), AV_PIX_FMT_YUV420P)),
      packet_(own<PacketPtr>(av_packet_alloc())),
      frame_ticks_(std::llround(kTicksPerSecond / options.fps)) {
  const std::string url = file_url(file_.temporary_path());
  AVFormatContext* raw = nullptr;
  check_written(avformat_alloc_output_context2(&raw, nullptr, "mp4", url.c_str()));
  format_.reset(raw);
  stream_ = avformat_new_stream(format_.get(), nullptr);
  if (stream_ == nullptr) throw Error(ErrorKind::kResourceLimit, "out of memory (FFmpeg)");
  check_written(avcodec_parameters_from_context(stream_->codecpar, codec_.get()));
  stream_->time_base = codec_->time_base;
  stream_->avg_frame_rate = codec_->framerate;

  AVIOContext* raw_io = nullptr;
  check_written(avio_open(&raw_io, url.c_str(), AVIO_FLAG_WRITE));
  io_.reset(raw_io);
  format_->pb = io_.get();
  OptionSet muxer_options;
  muxer_options.set("movflags", "+faststart+write_colr");
  muxer_options.set("video_track_timescale", int64_t{kTicksPerSecond});
  check_written(avformat_write_header(format_.get(), muxer_options.address()));
}

void OverlayFile::add(std::span<const uint8_t> rgb, int64_t pts_ticks) {
  copy_padded(rgb, size_.width, size_.height, *rgb_frame_);
  // The encoder may still hold the last frame's buffer.
  check_written(av_frame_make_writable(yuv_frame_.get()));
  converter_.convert(*rgb_frame_, *yuv_frame_);
  yuv_frame_->pts = pts_ticks;
  encode(yuv_frame_.get());
}

void OverlayFile::encode(const AVFrame* frame) {
  check_written(avcodec_send_frame(codec_.get(), frame));
  for (;;) {
    const int status = avcodec_receive_packet(codec_.get(), packet_.get());
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
    check_written(status);
    packet_->stream_index = stream_->index;
    packet_->duration = frame_ticks_;  // counts for the last frame only; the others last until the next one
    av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
    check_written(av_interleaved_write_frame(format_.get(), packet_.get()));
    check_written(io_->error);
  }
}

void OverlayFile::finish() {
  encode(nullptr);
  check_written(av_write_trailer(format_.get()));
  avio_flush(io_.get());
  check_written(io_->error);
  format_->pb = nullptr;
  AVIOContext* raw_io = io_.release();
  check_written(avio_closep(&raw_io));
  file_.commit();
}

}  // namespace relevid
