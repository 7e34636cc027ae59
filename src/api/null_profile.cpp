// SPDX-License-Identifier: Apache-2.0
#include "api/layout.h"
#include "api/shares.h"
#include "relevid/explain.h"

namespace relevid {

std::vector<double> null_profile(const Model& model, const Shape& clip_shape, const MethodOptions& options) {
  MethodOptions flat;
  flat.method = "null_profile";
  flat.start = Start::kOne;
  flat.gate = options.gate;
  flat.layout = options.layout;
  flat.device = options.device;
  flat.threads = options.threads;
  ClipExplainer explainer(model, clip_shape, flat, nullptr);
  explainer.forward(Tensor(clip_shape, DType::kF32));
  return absolute_shares(to_ncthw(explainer.explain(0).relevance, options.layout)).per_frame;
}

}  // namespace relevid
