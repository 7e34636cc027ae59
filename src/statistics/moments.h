// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "statistics/bootstrap.h"
#include "statistics/estimate.h"

namespace relevid::statistics {

/// What a bootstrap panel estimates, from sums and sums of products alone: for groups that are too many for
/// replicates (every class) and too small for a bootstrap to be better. The interval is Student's:
/// mean ± t_{0.975, n-1} s/√n, where s² is the sample variance of the combination. Exact to the bit in any
/// order of the videos, like Bootstrap, with the same limits on values.
class Moments {
 public:
  explicit Moments(size_t columns)
      : columns_(columns), sums_(columns), products_(columns * (columns + 1) / 2) {}

  void add(std::span<const double> row);
  int64_t videos() const { return videos_; }
  Estimate mean(const Combination& combination, Guard guard = Guard::kNone) const;

 private:
  double product(size_t a, size_t b) const;

  size_t columns_;
  int64_t videos_ = 0;
  std::vector<double> sums_;
  std::vector<double> products_;  ///< of columns a ≥ b at a (a + 1) / 2 + b
};

}  // namespace relevid::statistics
