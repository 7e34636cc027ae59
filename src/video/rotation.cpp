// SPDX-License-Identifier: Apache-2.0
#include "video/rotation.h"

#include <cmath>
#include <cstring>

namespace relevid {

std::optional<int> clockwise_degrees(const int32_t* display_matrix) {
  // The upper left 2x2 block; its determinant is negative for a mirrored picture.
  const double determinant = static_cast<double>(display_matrix[0]) * display_matrix[4] -
                             static_cast<double>(display_matrix[1]) * display_matrix[3];
  const double counterclockwise = av_display_rotation_get(display_matrix);
  if (!(determinant > 0) || std::isnan(counterclockwise)) return std::nullopt;
  const auto quarters = std::lround(-counterclockwise / 90);
  if (std::abs(-counterclockwise - 90.0 * static_cast<double>(quarters)) > 1) return std::nullopt;
  return static_cast<int>((quarters % 4 + 4) % 4) * 90;
}

const int32_t* display_matrix(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  if (data == nullptr || data->size < 9 * sizeof(int32_t)) return nullptr;
  return reinterpret_cast<const int32_t*>(data->data);
}

const int32_t* display_matrix(const AVStream& stream) {
  size_t size_bytes = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size_bytes);
  if (data == nullptr || size_bytes < 9 * sizeof(int32_t)) return nullptr;
  return reinterpret_cast<const int32_t*>(data);
}

PictureSize turned(PictureSize size, int degrees) {
  return degrees % 180 == 0 ? size : PictureSize{size.height, size.width};
}

std::vector<uint8_t> turned_pixels(const AVFrame& rgb, int degrees) {
  const int64_t width = rgb.width;
  const int64_t height = rgb.height;
  std::vector<uint8_t> pixels(static_cast<size_t>(width * height * 3));
  // Where the source's first pixel goes, and how far one step right and one step down in the source leads.
  int64_t origin = 0, right = 1, down = width;
  if (degrees == 90) origin = height - 1, right = height, down = -1;
  if (degrees == 180) origin = width * height - 1, right = -1, down = -width;
  if (degrees == 270) origin = (width - 1) * height, right = -height, down = 1;
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* from = rgb.data[0] + y * rgb.linesize[0];
    uint8_t* to = pixels.data() + (origin + y * down) * 3;
    if (right == 1) {
      std::memcpy(to, from, static_cast<size_t>(width * 3));
      continue;
    }
    for (int64_t x = 0; x < width; ++x) std::memcpy(to + x * right * 3, from + x * 3, 3);
  }
  return pixels;
}

}  // namespace relevid
