// SPDX-License-Identifier: Apache-2.0
#include "kernels/onednn/prepared_weights.h"

#include <algorithm>

namespace relevid::kernels::onednn {

std::vector<float> transformed(const Tensor& weight, WeightTransform transform) {
  const auto from = weight.values<float>();
  std::vector<float> to(from.size());
#pragma omp parallel for schedule(static)
  for (size_t i = 0; i < from.size(); ++i)
    to[i] = static_cast<float>(transform(static_cast<double>(from[i])));
  return to;
}

PreparedWeights::Entry& PreparedWeights::find_or_add(Device& device, WeightTransform transform,
                                                     const dnnl::memory::desc& layout) {
  for (const auto& entry : entries_) {
    if (entry->transform == transform && entry->layout == layout) return *entry;
  }
  // Weights that are wanted as they lie are read where the graph has them, which lives as long as weight_.
  auto* values = const_cast<float*>(weight_->values<float>().data());
  dnnl::memory memory = is_plain(transform, layout) ? dnnl::memory(layout, device.engine(), values)
                                                    : dnnl::memory(layout, device.engine());
  return *entries_.emplace_back(
      std::make_unique<Entry>(Entry{transform, layout, std::move(memory), version_ - 1}));
}

void PreparedWeights::fill(Device& device, Entry& entry) const {
  if (is_plain(entry.transform, entry.layout)) return;
  std::vector<float> values;
  const bool as_is = entry.transform.kind == WeightTransform::Kind::kAsIs;
  if (!as_is) values = transformed(*weight_, entry.transform);
  void* plain = as_is ? const_cast<float*>(weight_->values<float>().data()) : values.data();
  device.reorder(dnnl::memory(plain_, device.engine(), plain), entry.memory);
}

const dnnl::memory& PreparedWeights::get(Device& device, WeightTransform transform,
                                         const dnnl::memory::desc& layout) {
  Entry& entry = find_or_add(device, transform, layout);
  if (entry.version != version_) {
    fill(device, entry);
    entry.version = version_;
  }
  return entry.memory;
}

const dnnl::memory& PreparedBias::get(Device& device, BiasPart part) {
  auto found = entries_.find(part);
  if (found == entries_.end()) {
    const dnnl::memory::desc desc({channels_}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
    found = entries_.emplace(part, Entry{dnnl::memory(desc, device.engine()), version_ - 1}).first;
  }
  auto& [memory, version] = found->second;
  if (version == version_) return memory;
  auto* values = static_cast<float*>(memory.get_data_handle());
  for (int64_t c = 0; c < channels_; ++c) {
    values[c] =
        bias_ ? static_cast<float>(part(static_cast<double>(bias_->values<float>()[static_cast<size_t>(c)])))
              : 0.0F;
  }
  version = version_;
  return memory;
}

}  // namespace relevid::kernels::onednn
