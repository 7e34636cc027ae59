// SPDX-License-Identifier: Apache-2.0
#include "graph/join_pathways.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace relevid::graph {
namespace {

/// The only axis along which the inputs differ, where that can be time: another one holds the colours.
std::optional<size_t> axis_of_frames(const std::vector<ModelValue>& inputs) {
  std::optional<size_t> found;
  const std::vector<int64_t>& first = inputs.front().dims;
  if (first.size() != 5) return std::nullopt;
  for (const ModelValue& input : inputs) {
    if (input.dims.size() != first.size()) return std::nullopt;
    for (size_t axis = 0; axis < first.size(); ++axis) {
      if (input.dims[axis] == first[axis]) continue;
      const bool is_open = input.dims[axis] < 1 || first[axis] < 1;
      if (axis == 0 || is_open || (found && *found != axis)) return std::nullopt;
      found = axis;
    }
  }
  if (!found) return std::nullopt;
  for (size_t axis = 1; axis < first.size(); ++axis) {
    if (axis != *found && (first[axis] == 3 || first[axis] == 1)) return found;
  }
  return std::nullopt;
}

std::vector<int64_t> evenly(int64_t from, int64_t count) {
  std::vector<int64_t> frames(static_cast<size_t>(count), 0);
  for (int64_t i = 1; i < count; ++i) frames[static_cast<size_t>(i)] = i * (from - 1) / (count - 1);
  return frames;
}

}  // namespace

std::vector<Pathway> join_pathways(Model& model) {
  if (model.inputs.size() < 2) return {};
  const auto axis = axis_of_frames(model.inputs);
  if (!axis) return {};
  const auto frames_of = [&](const ModelValue& input) { return input.dims[*axis]; };
  const ModelValue clip = *std::ranges::max_element(model.inputs, {}, frames_of);
  std::vector<Pathway> pathways;
  std::vector<ModelNode> taken;
  for (const ModelValue& input : model.inputs) {
    Pathway pathway{input.name, "", evenly(frames_of(clip), frames_of(input))};
    if (input.name != clip.name) {
      pathway.node = fmt::format("pathway {}", input.name);
      const std::string indices = fmt::format("relevid: frames of {}", input.name);
      model.constants[indices] = share(Tensor::from(Shape{std::ssize(pathway.frames)}, pathway.frames));
      taken.push_back({"Gather",
                       pathway.node,
                       {clip.name, indices},
                       {input.name},
                       {{"axis", static_cast<int64_t>(*axis)}}});
    }
    pathways.push_back(std::move(pathway));
  }
  model.nodes.insert(model.nodes.begin(), taken.begin(), taken.end());
  model.inputs = {clip};
  return pathways;
}

}  // namespace relevid::graph
