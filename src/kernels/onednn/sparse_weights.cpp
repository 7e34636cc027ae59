// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/sparse_weights.h"

#include "kernels/onednn/prepared_weights.h"

namespace relevid::kernels::onednn {

SparseWeights::SparseWeights(Device& device, const ConvolutionSpec& spec, const Layout& in, const Layout& out)
    : device_(device),
      weight_(spec.weight),
      in_(in),
      out_(out),
      taps_(spec.kernel[0] * spec.kernel[1] * spec.kernel[2]) {}

const float* SparseWeights::get(Order order, WeightTransform transform) {
  auto found = std::ranges::find_if(
      entries_, [&](const auto& entry) { return entry->order == order && entry->transform == transform; });
  if (found == entries_.end()) {
    const Shape floats{taps_ * in_.blocks * in_.block * out_.blocks * out_.block};
    found = entries_.insert(
        found, std::make_unique<Entry>(Entry{order, transform, device_.zeros(floats), version_ - 1}));
  }
  Entry& entry = **found;
  if (entry.version != version_) {
    const auto weights = transformed(*weight_, transform);
    float* to = entry.values.data<float>();
    order == Order::kApply ? order_for_apply(weights, to) : order_for_adjoint(weights, to);
    entry.version = version_;
  }
  return entry.values.data<float>();
}

void SparseWeights::order_for_apply(std::span<const float> weights, float* to) const {
  const ChannelParts parts = apply_parts();
  const int64_t channels_out = out_.blocks * out_.block;
#pragma omp parallel for schedule(static)
  for (int64_t o = 0; o < out_.channels; ++o)
    for (int64_t c = 0; c < in_.channels; ++c) {
      const int64_t part = c / parts.widest(), width = parts.width(part);
      float* row = to + (part * parts.widest() * channels_out + o * width) * taps_ + c % parts.widest();
      const float* from = weights.data() + (o * in_.channels + c) * taps_;
      for (int64_t k = 0; k < taps_; ++k) row[k * width] = from[k];
    }
}

void SparseWeights::order_for_adjoint(std::span<const float> weights, float* to) const {
  const ChannelParts parts = adjoint_parts();
  const int64_t channels_out = out_.blocks * out_.block;
#pragma omp parallel for schedule(static)
  for (int64_t o = 0; o < out_.channels; ++o) {
    const int64_t chunk = o / kChunk, in_chunk = std::min(kChunk, channels_out - chunk * kChunk);
    for (int64_t c = 0; c < in_.channels; ++c) {
      const int64_t part = c / parts.widest(), width = parts.width(part);
      float* first = to + (part * parts.widest() * channels_out + chunk * kChunk * width) * taps_ +
                     o % kChunk * width + c % parts.widest();
      const float* from = weights.data() + (o * in_.channels + c) * taps_;
      for (int64_t k = 0; k < taps_; ++k) first[k * in_chunk * width] = from[k];
    }
  }
}

}  // namespace relevid::kernels::onednn
