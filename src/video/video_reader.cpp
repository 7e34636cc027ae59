// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>
#include <system_error>

#include "relevid/error.h"
#include "relevid/video.h"
#include "video/colour.h"
#include "video/frame_source.h"
#include "video/rotation.h"

namespace relevid {
namespace {

std::unique_ptr<FrameSource> open_source(const std::filesystem::path& path, const VideoOptions& options) {
  if (options.threads < 0) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} decoder threads; 0 or more are possible", options.threads));
  }
  if (!(options.image_sequence_fps > 0) || !std::isfinite(options.image_sequence_fps)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("an image sequence at {} frames per second; the rate must be positive",
                            options.image_sequence_fps));
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return open_image_sequence(path, options);
  return open_video_file(path, options);
}

void require_valid(std::span<const int64_t> indices, const VideoInfo& info) {
  int64_t previous = -1;
  for (const int64_t index : indices) {
    if (index <= previous || index >= info.frame_count) {
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("frame index {} after {}: indices must ascend from 0 to {}, the last frame of {}",
                      index, previous, info.frame_count - 1, info.path.string()));
    }
    previous = index;
  }
}

}  // namespace

struct VideoReader::Implementation {
  Implementation(const std::filesystem::path& path, const VideoOptions& options)
      : source(open_source(path, options)), info(source->scan()) {}
  Implementation(VideoInfo known, const VideoOptions& options)
      : source(open_source(known.path, options)), info(std::move(known)) {}

  Frame to_frame(const Picture& picture) {
    const PictureSize before_turn = turned({info.width, info.height}, picture.rotation_degrees);
    const AVFrame& rgb = converter.convert(picture.frame, before_turn);
    return {picture.index, info.pts_seconds[static_cast<size_t>(picture.index)], info.width, info.height,
            turned_pixels(rgb, picture.rotation_degrees)};
  }

  std::unique_ptr<FrameSource> source;
  VideoInfo info;
  RgbConverter converter;
};

VideoReader::VideoReader(const std::filesystem::path& path, const VideoOptions& options)
    : implementation_(std::make_unique<Implementation>(path, options)) {}
VideoReader::VideoReader(VideoInfo known, const VideoOptions& options)
    : implementation_(std::make_unique<Implementation>(std::move(known), options)) {}
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

const VideoInfo& VideoReader::info() const {
  return implementation_->info;
}

void VideoReader::read(std::span<const int64_t> indices, const std::function<void(Frame&&)>& take) {
  require_valid(indices, implementation_->info);
  implementation_->source->read(implementation_->info, indices,
                                [&](const Picture& picture) { take(implementation_->to_frame(picture)); });
}

}  // namespace relevid
