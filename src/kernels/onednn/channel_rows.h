// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// [N, C, ...] as it is stored: [batch][planes][positions][lanes], a plane holding `lanes` channels.
struct ChannelPlanes {
  int64_t batch = 1, channels = 1, planes = 1, positions = 1, lanes = 1;
  int64_t count() const { return batch * planes; }  ///< of planes in the batch
  int64_t floats() const { return positions * lanes; }
  int64_t padded_channels() const { return planes * lanes; }
};
ChannelPlanes channel_planes(const Device& device, const Shape& shape);

/// Σ over all axes but 0 and 1, in double and in one order whatever the number of threads. [N, C]
std::vector<double> channel_sums_of_items(const Device& device, const Buffer& x);
/// Σ over all axes but 1, in double and in one order whatever the number of threads. [C]
std::vector<double> channel_sums(const Device& device, const Buffer& x);

// One plane: `positions` times `lanes` floats (1, 8 or 16); every other array has one number a lane.

/// sums += Σ x
void add_sums(int64_t lanes, const float* x, int64_t positions, double* sums);
/// sums += Σ (x - center); squares += Σ (x - center)²
void add_moments(int64_t lanes, const float* x, int64_t positions, const double* center, double* sums,
                 double* squares);
/// sums += Σ g; products += Σ g (x - center)
void add_products(int64_t lanes, const float* g, const float* x, int64_t positions, const double* center,
                  double* sums, double* products);

/// factor (x - center), one of each a lane
struct Centered {
  const float *center, *factor;
};
/// y = x's factor (x - center) + offset
void scale_plane(int64_t lanes, const float* x, Centered of_x, const float* offset, int64_t positions,
                 float* y);
/// y = g's factor (g - center) + x's factor (x - center)
void combine_planes(int64_t lanes, const float* g, Centered of_g, const float* x, Centered of_x,
                    int64_t positions, float* y);

}  // namespace relevid::kernels::onednn
