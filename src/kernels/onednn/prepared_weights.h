// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// A layer's weights under each transform and in each layout that was asked for: made once, then kept.
class PreparedWeights {
 public:
  /// `plain` describes the weight tensor as it lies in memory.
  PreparedWeights(std::shared_ptr<const Tensor> weight, dnnl::memory::desc plain)
      : weight_(std::move(weight)), plain_(std::move(plain)) {}

  const dnnl::memory& get(Device& device, WeightTransform transform, const dnnl::memory::desc& layout);

 private:
  struct Entry {
    WeightTransform transform;
    dnnl::memory::desc layout;
    dnnl::memory memory;
  };
  std::shared_ptr<const Tensor> weight_;
  dnnl::memory::desc plain_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

/// The bias under each function of it; zeros where there is none.
class PreparedBias {
 public:
  PreparedBias(std::shared_ptr<const Tensor> bias, int64_t channels)
      : bias_(std::move(bias)), channels_(channels) {}
  const dnnl::memory& get(Device& device, BiasPart part);
  const Tensor* tensor() const { return bias_.get(); }

 private:
  std::shared_ptr<const Tensor> bias_;
  int64_t channels_;
  std::map<BiasPart, dnnl::memory> entries_;
};

/// The weights' values under a transform, in their own order.
std::vector<float> transformed(const Tensor& weight, WeightTransform transform);

}  // namespace relevid::kernels::onednn
