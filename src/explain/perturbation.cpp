// SPDX-License-Identifier: Apache-2.0
#include "explain/perturbation.h"

#include <fmt/format.h>

#include <algorithm>

#include "relevid/error.h"

namespace relevid {

PerturbationMethod::PerturbationMethod(Network& network, const ExplainerOptions& options, Fill fill)
    : network_(network),
      options_(options),
      scorer_(network, options),
      axes_(network.graph().shape(network.graph().inputs[0]), options.channel_axis(), options.method),
      fill_(fill) {}

Attribution PerturbationMethod::explain(const ClipState& state, std::span<const int64_t> targets) {
  Attribution result;
  const Tensor clips = network_.library().download(state.clips[0]);
  Tensor& relevance = result.relevance.emplace_back(clips.shape(), clips.dtype());
  const auto logits = rows_of(state.logits);
  result.notes.resize(targets.size());
  for (size_t n = 0; n < targets.size(); ++n) {
    const auto item = static_cast<int64_t>(n);
    const ClipChanger changer(item_of(clips, item), axes_, fill_);
    const Subject subject{changer, targets[n], logits[n], scorer_.score(logits[n], targets[n]),
                          result.notes[n]};
    put_volume(relevance, axes_, item, explain_item(subject));
  }
  return result;
}

Extent PerturbationMethod::mask_cells() const {
  Extent cells = {std::max<int64_t>(1, extent()[0] / 4), 7, 7};
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t asked = options_.cells[axis];
    cells[axis] = std::clamp<int64_t>(asked > 0 ? asked : cells[axis], 1, extent()[axis]);
  }
  return cells;
}

Volume from_frames(std::span<const double> per_frame, const Extent& extent) {
  Volume volume(extent);
  const auto plane = static_cast<size_t>(extent[1] * extent[2]);
  for (size_t i = 0; i < volume.values.size(); ++i)
    volume.values[i] = per_frame[i / plane] / static_cast<double>(plane);
  return volume;
}

std::vector<std::string> perturbation_method_names() {
  std::vector<std::string> names;
  for (const auto& family : {occlusion_method_names(), rise_method_names(), extremal_method_names(),
                             temporal_mask_method_names(), shapley_method_names()})
    names.insert(names.end(), family.begin(), family.end());
  return names;
}

}  // namespace relevid
