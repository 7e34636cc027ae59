// SPDX-License-Identifier: Apache-2.0
#include "graph/fold_clips.h"

#include <algorithm>

namespace relevid::graph {
namespace {

constexpr size_t kRank = 6;
constexpr int64_t kClipsAxis = 1;
constexpr int64_t kAxesAreAnInput = 13;  // of Unsqueeze, from this opset on

ModelNode unsqueeze(Model& model, const std::string& from, const std::string& to) {
  ModelNode node{"Unsqueeze", "clips", {from}, {to}, {}};
  if (model.opset < kAxesAreAnInput) {
    node.attributes["axes"] = std::vector<int64_t>{kClipsAxis};
  } else {
    const std::string axes = "relevid: axis of clips";
    model.constants[axes] = share(Tensor::from(Shape{1}, std::vector<int64_t>{kClipsAxis}));
    node.inputs.push_back(axes);
  }
  return node;
}

}  // namespace

int64_t fold_clips(Model& model) {
  if (model.inputs.size() != 1 || model.inputs[0].dims.size() != kRank) return 0;
  ModelValue& input = model.inputs[0];
  const std::string all = input.name, one = all + " (of one clip)";
  const int64_t clips = std::max<int64_t>(1, input.dims[kClipsAxis]);
  std::vector<ModelNode> before = {unsqueeze(model, one, clips == 1 ? all : one + ", apart")};
  if (clips > 1) {
    const std::vector<std::string> copies(static_cast<size_t>(clips), before[0].outputs[0]);
    before.push_back({"Concat", "clips repeated", copies, {all}, {{"axis", kClipsAxis}}});
  }
  model.nodes.insert(model.nodes.begin(), before.begin(), before.end());
  input.name = one;
  input.dims.erase(input.dims.begin() + kClipsAxis);
  if (input.dim_names.size() == kRank) input.dim_names.erase(input.dim_names.begin() + kClipsAxis);
  return clips;
}

}  // namespace relevid::graph
