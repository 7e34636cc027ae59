// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// to[i] = f(to[i], from[i]...) over the whole storage, in parallel.
template <class F>
void for_each_float(Device& device, const Shape& shape, F&& f) {
  const int64_t count = device.floats(shape);
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i) f(i);
}

/// Zeroes the channels that fill up the last block.
inline void clear_tail(Device& device, Buffer& x) {
  const Layout l = device.layout(x.shape());
  if (!l.has_tail()) return;
  float* values = x.data<float>();
  const int64_t first = l.channels % l.block;
  for (int64_t n = 0; n < l.batch; ++n) {
    float* block = values + ((n + 1) * l.blocks - 1) * l.spatial() * l.block;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < l.spatial(); ++i)
      for (int64_t lane = first; lane < l.block; ++lane) block[i * l.block + lane] = 0;
  }
}

/// Strides over a volume's storage, in floats; 0 along axes of size 1, which broadcast.
struct VolumeStrides {
  int64_t batch, block, time, height, width, lane;
};
inline VolumeStrides volume_strides(const Layout& l) {
  const int64_t B = l.block;
  return {l.batch > 1 ? l.blocks * l.spatial() * B : 0,
          l.channels > 1 ? l.spatial() * B : 0,
          l.time > 1 ? l.height * l.width * B : 0,
          l.height > 1 ? l.width * B : 0,
          l.width > 1 ? B : 0,
          l.channels > 1 && B > 1 ? 1 : 0};
}

/// Calls f(i, j) for every element i of the volume `a` and the element j of `b` that is broadcast to it; rows
/// of one channel block in one thread. `b` has a's sizes or 1.
template <class F>
void for_each_broadcast(const Layout& a, const Layout& b, F&& f) {
  const VolumeStrides s = volume_strides(b);
  const auto each_lane = [&](int64_t i, int64_t j, auto step) {
#pragma omp simd
    for (int64_t lane = 0; lane < a.block; ++lane) f(i + lane, j + lane * step);
  };
#pragma omp parallel for collapse(2) schedule(static)
  for (int64_t n = 0; n < a.batch; ++n) {
    for (int64_t c = 0; c < a.blocks; ++c) {
      int64_t i = (n * a.blocks + c) * a.spatial() * a.block;
      for (int64_t t = 0; t < a.time; ++t)
        for (int64_t h = 0; h < a.height; ++h)
          for (int64_t w = 0; w < a.width; ++w) {
            const int64_t j = n * s.batch + c * s.block + t * s.time + h * s.height + w * s.width;
            if (s.lane > 0)
              each_lane(i, j, std::integral_constant<int64_t, 1>{});
            else
              each_lane(i, j, std::integral_constant<int64_t, 0>{});
            i += a.block;
          }
    }
  }
}

}  // namespace relevid::kernels::onednn
