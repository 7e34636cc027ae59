// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace relevid {

/// Kingma and Ba 2015 (ICLR), algorithm 1, for a mask: values stay in [0, 1].
class MaskAdam {
 public:
  MaskAdam(size_t size, double rate) : rate_(rate), mean_(size, 0.0), square_(size, 0.0) {}

  /// Moves the mask against the gradient.
  void step(std::span<double> mask, std::span<const double> gradient) {
    ++steps_;
    const double first = 1 - std::pow(kFirst, steps_), second = 1 - std::pow(kSecond, steps_);
    for (size_t i = 0; i < mask.size(); ++i) {
      mean_[i] = kFirst * mean_[i] + (1 - kFirst) * gradient[i];
      square_[i] = kSecond * square_[i] + (1 - kSecond) * gradient[i] * gradient[i];
      const double change = rate_ * (mean_[i] / first) / (std::sqrt(square_[i] / second) + 1e-12);
      mask[i] = std::fmin(1.0, std::fmax(0.0, mask[i] - change));
    }
  }

 private:
  static constexpr double kFirst = 0.9, kSecond = 0.999;
  double rate_;
  int steps_ = 0;
  std::vector<double> mean_, square_;
};

}  // namespace relevid
