// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "relevid/preprocessing.h"

namespace relevid {

/// A picture that looks like noise, and is the same in every language.
inline Frame source_frame(int64_t width, int64_t height, int64_t index = 0) {
  Frame frame;
  frame.index = index;
  frame.width = width;
  frame.height = height;
  for (int64_t i = 0; i < width * height * 3; ++i) {
    frame.rgb.push_back(static_cast<uint8_t>((i * 37 + (i * i * 13) % 251 + index * 29) % 256));
  }
  return frame;
}

/// Bytes in, bytes out: no colour change, no statistics.
inline Preprocessing plain(Spatial spatial, Size size) {
  Preprocessing p;
  p.spatial = spatial;
  p.stretch = size;
  p.scale = 1;
  p.value_range = {0, 255};
  return p;
}

inline std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.values<float>();
  return {values.begin(), values.end()};
}

/// Of all bytes in their order: sum of byte[i] * (i % 9973 + 1), modulo 2^32.
inline uint32_t checksum(const Tensor& bytes) {
  uint32_t sum = 0;
  uint32_t i = 0;
  for (const float byte : bytes.values<float>()) sum += static_cast<uint32_t>(byte) * (i++ % 9973 + 1);
  return sum;
}

}  // namespace relevid
