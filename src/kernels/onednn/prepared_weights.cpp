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

const dnnl::memory& PreparedWeights::get(Device& device, WeightTransform transform,
                                         const dnnl::memory::desc& layout) {
  for (const auto& entry : entries_) {
    if (entry->transform == transform && entry->layout == layout) return entry->memory;
  }
  const bool as_is = transform.kind == WeightTransform::Kind::kAsIs;
  std::vector<float> values;
  if (!as_is) values = transformed(*weight_, transform);
  void* plain = as_is ? const_cast<float*>(weight_->values<float>().data()) : values.data();
  auto entry = std::make_unique<Entry>(Entry{transform, layout, {}});
  if (as_is && layout == plain_) {
    entry->memory =
        dnnl::memory(plain_, device.engine(), plain);  // the graph's own copy lives as long as weight_
  } else {
    entry->memory = dnnl::memory(layout, device.engine());
    device.reorder(dnnl::memory(plain_, device.engine(), plain), entry->memory);
  }
  return entries_.emplace_back(std::move(entry))->memory;
}

const dnnl::memory& PreparedBias::get(Device& device, BiasPart part) {
  const auto found = entries_.find(part);
  if (found != entries_.end()) return found->second;
  const dnnl::memory::desc desc({channels_}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::memory memory(desc, device.engine());
  auto* values = static_cast<float*>(memory.get_data_handle());
  for (int64_t c = 0; c < channels_; ++c) {
    values[c] =
        bias_ ? static_cast<float>(part(static_cast<double>(bias_->values<float>()[static_cast<size_t>(c)])))
              : 0.0F;
  }
  return entries_.emplace(part, std::move(memory)).first->second;
}

}  // namespace relevid::kernels::onednn
