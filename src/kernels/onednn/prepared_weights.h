// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dnnl.hpp>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/onednn/device.h"

namespace relevid::kernels::onednn {

/// A layer's weights under each transform and in each layout that was asked for: made once, then kept until
/// the weights change, and then made again in the same memory.
class PreparedWeights {
 public:
  /// `plain` describes the weight tensor as it lies in memory.
  PreparedWeights(std::shared_ptr<const Tensor> weight, const dnnl::memory::desc& plain)
      : weight_(std::move(weight)), plain_(plain) {}

  const dnnl::memory& get(Device& device, WeightTransform transform, const dnnl::memory::desc& layout);
  /// The tensor holds other values now.
  void changed() { ++version_; }

 private:
  struct Entry {
    WeightTransform transform;
    dnnl::memory::desc layout;
    dnnl::memory memory;
    int64_t version;  ///< of the weights that it was made from
  };
  bool is_plain(WeightTransform transform, const dnnl::memory::desc& layout) const {
    return transform.kind == WeightTransform::Kind::kAsIs && layout == plain_;
  }
  Entry& find_or_add(Device& device, WeightTransform transform, const dnnl::memory::desc& layout);
  void fill(Device& device, Entry& entry) const;

  std::shared_ptr<const Tensor> weight_;
  dnnl::memory::desc plain_;
  std::vector<std::unique_ptr<Entry>> entries_;
  int64_t version_ = 0;
};

/// The bias under each function of it; zeros where there is none.
class PreparedBias {
 public:
  PreparedBias(std::shared_ptr<const Tensor> bias, int64_t channels)
      : bias_(std::move(bias)), channels_(channels) {}
  const dnnl::memory& get(Device& device, BiasPart part);
  /// The tensor holds other values now.
  void changed() { ++version_; }
  const Tensor* tensor() const { return bias_.get(); }

 private:
  struct Entry {
    dnnl::memory memory;
    int64_t version;
  };
  std::shared_ptr<const Tensor> bias_;
  int64_t channels_;
  std::map<BiasPart, Entry> entries_;
  int64_t version_ = 0;
};

/// The weights' values under a transform, in their own order.
std::vector<float> transformed(const Tensor& weight, WeightTransform transform);

}  // namespace relevid::kernels::onednn
