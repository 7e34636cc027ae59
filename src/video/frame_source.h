// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "relevid/video.h"
#include "video/ffmpeg.h"

namespace relevid {

/// One decoded picture, as the decoder gave it, with the turn it needs.
struct Picture {
  int64_t index = 0;
  const AVFrame& frame;
  int rotation_degrees = 0;
};

/// Where the pictures of a video come from: a file, or a folder of images.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  /// Decodes everything once. Errors as VideoReader's constructor.
  virtual VideoInfo scan() = 0;
  /// Hands over the pictures with the given indices (ascending, below info.frame_count); `info` is scan()'s
  /// result.
  virtual void read(const VideoInfo& info, std::span<const int64_t> indices,
                    const std::function<void(const Picture&)>& take) = 0;
};

std::unique_ptr<FrameSource> open_video_file(const std::filesystem::path& path, const VideoOptions& options);
std::unique_ptr<FrameSource> open_image_sequence(const std::filesystem::path& folder,
                                                 const VideoOptions& options);

}  // namespace relevid
