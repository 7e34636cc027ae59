// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// Channels in parts of at most `most` blocks.
struct ChannelParts {
  int64_t blocks, block, most;
  int64_t count() const { return (blocks + most - 1) / most; }
  int64_t widest() const { return most * block; }
  int64_t width(int64_t part) const { return std::min(most, blocks - part * most) * block; }
};

/// The weights of a sparse convolution under each transform and in each order that was asked for: made once,
/// then kept until they change. Channels that fill up the last block have weights of 0.
class SparseWeights {
 public:
  /// Output channels whose weights of one tap, for a part of the input's, fill the first cache: 32 KiB.
  static constexpr int64_t kChunk = 128;

  SparseWeights(Device& device, const ConvolutionSpec& spec, const Layout& in, const Layout& out);

  /// Input channels that are taken together: 32 and 64 with AVX-512.
  ChannelParts apply_parts() const { return {in_.blocks, in_.block, 2}; }
  ChannelParts adjoint_parts() const { return {in_.blocks, in_.block, 4}; }
  int64_t taps() const { return taps_; }

  /// [part of the input's channels][channel out][tap][channel in].
  const float* for_apply(WeightTransform transform) { return get(Order::kApply, transform); }
  /// [part of the input's channels][chunk of channels out][tap][channel out][channel in].
  const float* for_adjoint(WeightTransform transform) { return get(Order::kAdjoint, transform); }
  void changed() { ++version_; }

 private:
  enum class Order { kApply, kAdjoint };
  struct Entry {
    Order order;
    WeightTransform transform;
    Buffer values;
    int64_t version;
  };

  const float* get(Order order, WeightTransform transform);
  void order_for_apply(std::span<const float> weights, float* to) const;
  void order_for_adjoint(std::span<const float> weights, float* to) const;

  Device& device_;
  std::shared_ptr<const Tensor> weight_;
  Layout in_, out_;
  int64_t taps_;
  std::vector<std::unique_ptr<Entry>> entries_;
  int64_t version_ = 0;
};

}  // namespace relevid::kernels::onednn
