// SPDX-License-Identifier: Apache-2.0
// Layers by name, and the maps that their activations are.
#pragma once

#include <string>
#include <vector>

#include "explain/volume.h"
#include "network/network.h"

namespace relevid {

/// The activation that a layer leaves: its output, after the activation function where the network has taken
/// that into the layer. Error(kInvalidArgument) with the nearest name.
graph::ValueId layer_value(const Network& network, const std::string& name);

/// The activation before the network gives up space: that of the last convolution with more than one row or
/// column, after what only changes it element by element (norm, activation, gate, residual).
/// Error(kUnsupportedModel) where no convolution has any.
graph::ValueId last_spatial_value(const Network& network);

/// An activation as maps over time and space, [N, K, t, h, w] or, where time is folded into the batch,
/// [N t, K, h, w].
struct FeatureMaps {
  /// Error(kInvalidArgument) for an activation of another form.
  static FeatureMaps of(const Shape& shape, int64_t items, const std::string& layer);
  static bool has_space(const Shape& shape, int64_t items);
  /// Σ over channels of f(channel, offset), for every position of an item; offsets are into the activation.
  template <class F>
  Volume sum(int64_t item, F&& f) const {
    Volume map(extent);
    for (int64_t t = 0; t < extent[0]; ++t) {
      for (int64_t k = 0; k < channels; ++k) {
        const int64_t plane = item * item_stride + t * frame_stride + k * channel_stride;
        for (int64_t i = 0; i < extent[1] * extent[2]; ++i) {
          map.values[static_cast<size_t>(t * extent[1] * extent[2] + i)] +=
              f(k, static_cast<size_t>(plane + i));
        }
      }
    }
    return map;
  }

  Extent extent{1, 1, 1};
  int64_t channels = 0, item_stride = 0, frame_stride = 0, channel_stride = 0;
};

}  // namespace relevid
