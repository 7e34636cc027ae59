// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network that is a formula: the logit of class 1 is Σ w x, that of class 0 is zero. Its perfect
// explanation is w x, voxel by voxel.

#include <cmath>
#include <functional>
#include <numeric>

#include "evaluate/clip_evaluator.h"

namespace relevid::testing {

class LinearNetwork : public evaluate::MethodNetwork {
 public:
  /// Methods: 0 the perfect map w x, 1 its negative, 2 zeros; for class 0 method 1 has the perfect map too.
  explicit LinearNetwork(std::vector<float> weights) : weights_(std::move(weights)) {}

  static evaluate::TargetScore score_of(double logit) { return {logit, 1 / (1 + std::exp(-logit))}; }

  int64_t take(const Tensor& clip) override {
    if (before_) before_(++calls_);
    clip_ = clip.clone();
    return 1;
  }
  int64_t runner_up(int64_t target) override { return 1 - target; }
  evaluate::TargetScore score(int64_t target) override {
    return target == 1 ? score_of(logit(clip_.values<float>())) : evaluate::TargetScore{0, 0.5};
  }
  std::vector<float> map(size_t method, int64_t target) override {
    const auto x = clip_.values<float>();
    const size_t volume = x.size() / static_cast<size_t>(clip_.shape()[1]);
    const float sign = method == 2 ? 0.0F : method == 1 && target == 1 ? -1.0F : 1.0F;
    std::vector<float> map(volume);
    for (size_t i = 0; i < x.size(); ++i) map[i % volume] += sign * weights_[i % weights_.size()] * x[i];
    return map;
  }
  std::vector<float> map_beside(size_t method, int64_t other, int64_t) override { return map(method, other); }
  std::vector<evaluate::TargetScore> classify(int64_t count, const evaluate::ClipWriter& write,
                                              int64_t target) override {
    std::vector<evaluate::TargetScore> scores;
    std::vector<float> values(static_cast<size_t>(clip_.elements()));
    for (int64_t i = 0; i < count; ++i) {
      write(i, values);
      scores.push_back(target == 1 ? score_of(logit(values)) : evaluate::TargetScore{0, 0.5});
      ++passes_;
    }
    return scores;
  }

  /// Called with the number of the call of take(), from 1.
  void before_each(std::function<void(int64_t)> before) { before_ = std::move(before); }
  int64_t passes() const { return passes_; }

 private:
  double logit(std::span<const float> x) const {
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i)
      sum += static_cast<double>(weights_[i % weights_.size()]) * static_cast<double>(x[i]);
    return sum;
  }

  std::vector<float> weights_;
  Tensor clip_;
  std::function<void(int64_t)> before_;
  int64_t calls_ = 0, passes_ = 0;
};

}  // namespace relevid::testing
