// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace relevid::evaluate {

/// A clip that was evaluated, and what the model gives to the class that is explained.
struct ClipRow {
  int64_t number = 0;  ///< in its video
  double offset = 0;   ///< frames
  std::vector<int64_t> frame_indices;
  int64_t target = 0;
  double logit = 0, probability = 0;
  int64_t predicted = 0;  ///< the model's best class, whichever is explained
};

/// What the model gives to the class as more and more regions are flipped. [points] each.
struct CurveRow {
  std::string method, regions, fill;
  std::string first;  ///< "most" or "least" relevant
  std::vector<double> logits, probabilities;
};

/// A number; NaN where it is not defined.
struct MeasureRow {
  std::string method, measure;
  std::string versus;  ///< what it is compared with: another method, which layers are random; or ""
  double value = 0;
};

}  // namespace relevid::evaluate
