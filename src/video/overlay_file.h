// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "base/atomic_file.h"
#include "relevid/video.h"
#include "video/colour.h"
#include "video/ffmpeg.h"

namespace relevid {

/// An MP4 that frames go into, in order, until finish(); without it nothing is left. Used by one thread at a
/// time. Throws Error(kIo).
class OverlayFile {
 public:
  OverlayFile(const std::filesystem::path& final_path, int64_t width, int64_t height,
              const VideoWriterOptions& options);
  /// `rgb` is [height, width, 3].
  void add(std::span<const uint8_t> rgb, int64_t pts_ticks);
  void finish();

 private:
  void encode(const AVFrame* frame);
  int check_written(int status) const { return check(status, ErrorKind::kIo, "cannot write", path_); }

  std::filesystem::path path_;
  PictureSize size_;
  AtomicFile file_;
  IoContextPtr io_;
  OutputContextPtr format_;
  CodecContextPtr codec_;
  AVStream* stream_ = nullptr;  ///< owned by format_
  YuvConverter converter_;
  FramePtr rgb_frame_;
  FramePtr yuv_frame_;
  PacketPtr packet_;
  int64_t frame_ticks_;  ///< a frame's nominal duration
};

}  // namespace relevid
