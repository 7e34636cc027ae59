// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <random>

#include "relevid/tensor.h"

namespace relevid::testing {

/// Repeatable tensors of random values.
class Random {
 public:
  explicit Random(uint64_t seed = 1) : engine_(seed) {}

  /// Uniform in [low, high).
  Tensor uniform(const Shape& shape, float low, float high) {
    Tensor tensor(shape, DType::kF32);
    std::uniform_real_distribution<float> distribution(low, high);
    for (float& value : tensor.values<float>()) value = distribution(engine_);
    return tensor;
  }
  /// Of either sign, about one in eight exactly 0.
  Tensor signed_values(const Shape& shape) {
    Tensor tensor = uniform(shape, -1, 1);
    for (float& value : tensor.values<float>()) value = uniform_index(8) == 0 ? 0.0F : value;
    return tensor;
  }
  /// What a ReLU leaves: about half of them 0.
  Tensor rectified(const Shape& shape) {
    Tensor tensor = uniform(shape, -1, 1);
    for (float& value : tensor.values<float>()) value = std::max(value, 0.0F);
    return tensor;
  }
  /// Few different values, so that many are equal.
  Tensor coarse(const Shape& shape, int64_t levels) {
    Tensor tensor(shape, DType::kF32);
    for (float& value : tensor.values<float>()) value = static_cast<float>(uniform_index(levels));
    return tensor;
  }
  int64_t uniform_index(int64_t count) {
    return std::uniform_int_distribution<int64_t>(0, count - 1)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

inline std::shared_ptr<const Tensor> shared(Tensor tensor) {
  return std::make_shared<const Tensor>(std::move(tensor));
}

}  // namespace relevid::testing
