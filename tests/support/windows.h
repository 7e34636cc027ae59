// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "relevid/tensor.h"

namespace relevid::testing {

/// `frames` frames of a video [1, C, many, H, W], from the first on.
inline Tensor window_of(const Tensor& video, int64_t first, int64_t frames) {
  const Shape& shape = video.shape();
  Tensor window(Shape{1, shape[1], frames, shape[3], shape[4]}, DType::kF32);
  const int64_t frame = shape[3] * shape[4];
  for (int64_t c = 0; c < shape[1]; ++c) {
    const auto from = video.values<float>().begin() + (c * shape[2] + first) * frame;
    std::copy(from, from + frames * frame, window.values<float>().begin() + c * frames * frame);
  }
  return window;
}

}  // namespace relevid::testing
