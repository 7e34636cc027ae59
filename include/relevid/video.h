// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// One decoded frame: 8-bit RGB, rotation metadata applied.
struct Frame {
  int64_t index = 0;       ///< position in the video, counted by decoding
  double pts_seconds = 0;  ///< presentation time, from the container; the first frame need not be at 0
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> rgb;  ///< [height, width, 3]
};

/// What decoding the whole video once has shown: all that another reader of it needs to know. Nothing here is
/// taken from a header that may lie.
struct VideoInfo {
  std::filesystem::path path;
  int64_t width = 0;   ///< after rotation
  int64_t height = 0;  ///< after rotation
  int64_t frame_count = 0;
  double fps = 0;  ///< frames per second, (n - 1) / (last - first time); the container's rate where n < 2
  std::vector<double> pts_seconds;  ///< [frame_count]
  int rotation_degrees = 0;         ///< 0, 90, 180, 270, clockwise, already applied to frames
  std::string container;
  std::string codec;
  std::string pixel_format;
  std::vector<std::string>
      warnings;  ///< damage that was passed over, and where ("decoding stopped at frame 57: ...")
};

/// How videos are decoded.
struct VideoOptions {
  int threads = 0;                 ///< decoder threads; 0: as many as cores
  double image_sequence_fps = 25;  ///< rate given to a folder of images, which has none of its own
};

/// A video file or a folder of images, read frame-exactly and in order; never more than one frame in memory.
/// Opening decodes the stream once to count frames and collect times. The content decides what a file is, not
/// its name; no other file and no network is opened (playlists are refused). Images of a folder come in
/// natural order of their names (png, jpg, jpeg, bmp, webp, tiff, tif, ppm). FFmpeg's log, which is the
/// process's, is set to quiet once. Not thread-safe; movable. Errors: kIo (missing, unreadable),
/// kCorruptInput (not a video, no frame decodes, images of different sizes or damaged), kResourceLimit
/// (frames beyond 128 megapixels).
class VideoReader {
 public:
  /// Opens the video and decodes it once. Errors: the class names them.
  explicit VideoReader(const std::filesystem::path& path, const VideoOptions& options = {});
  /// Of a video that a reader has been opened for before, by what that one found: nothing is decoded to open
  /// it.
  explicit VideoReader(VideoInfo known, const VideoOptions& options = {});
  ~VideoReader();
  VideoReader(VideoReader&&) noexcept;
  VideoReader& operator=(VideoReader&&) noexcept;

  /// What opening has shown.
  const VideoInfo& info() const;

  /// Decodes from the start and hands over the frames with the given indices (ascending, no repeats, each
  /// below frame_count). Only those are converted to RGB; decoding stops after the last. May be called again.
  /// Errors: kInvalidArgument (indices), kIo (the file has changed), and what `take` throws.
  void read(std::span<const int64_t> indices, const std::function<void(Frame&&)>& take);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// How videos are encoded.
struct VideoWriterOptions {
  double fps = 25;  ///< nominal rate; frames carry their own times
  int crf = 18;     ///< x264's constant rate factor, 1 (best) to 51
  int threads = 0;  ///< encoder threads; 0: as many as cores; 1: the same bytes every time on one machine
};

/// Writes an MP4 (H.264, yuv420p, BT.709, faststart), atomically: the file appears at finish(); without it
/// nothing is left behind. Odd sizes are padded by one row or column (repeated edge). Encodes in a thread of
/// its own, so that what cannot be written may be told at a later frame or by finish(). Not thread-safe;
/// movable. Errors: kIo (a full disk and a missing H.264 encoder included), kInvalidArgument.
class VideoWriter {
 public:
  /// Begins a video of this size in pixels. Errors: the class names them.
  VideoWriter(const std::filesystem::path& path, int64_t width, int64_t height,
              const VideoWriterOptions& options = {});
  ~VideoWriter();
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;

  /// `rgb` is [height, width, 3]; times must ascend from 0 by 1/90000 s at least.
  void write(std::span<const uint8_t> rgb, double pts_seconds);
  /// Needs one frame at least. Calling it again does nothing.
  void finish();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace relevid
