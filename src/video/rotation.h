// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "video/ffmpeg.h"

namespace relevid {

/// Quarter turns, clockwise, that a picture needs to be upright: 0, 90, 180 or 270.
/// Nothing where the matrix (9 values, as FFmpeg's display matrix) also mirrors, or turns by another angle.
std::optional<int> clockwise_degrees(const int32_t* display_matrix);

/// The display matrix that came with a frame (H.264's SEI, a JPEG's EXIF), or null.
const int32_t* display_matrix(const AVFrame& frame);
/// The display matrix of the container's track, or null.
const int32_t* display_matrix(const AVStream& stream);

/// Width and height after a turn.
struct PictureSize {
  int64_t width = 0;
  int64_t height = 0;
  bool operator==(const PictureSize&) const = default;
};
PictureSize turned(PictureSize size, int degrees);

/// Copies an RGB24 frame into a dense [height, width, 3] array, turned clockwise by `degrees`.
std::vector<uint8_t> turned_pixels(const AVFrame& rgb, int degrees);

}  // namespace relevid
