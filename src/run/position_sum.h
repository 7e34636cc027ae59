// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "run/rows.h"

namespace relevid::run {

/// What positions took over several clips. Each counts by the size of what it started with: a clip whose
/// score is below 0 is turned, so that shares of the start stay what they are.
class PositionSum {
 public:
  /// false where its steps or places are not as many as those before it had: it is then not added.
  [[nodiscard]] bool add(const PositionFinding& clip);
  /// Nothing without a clip.
  std::optional<PositionFinding> mean() const;

 private:
  PositionFinding sum_;
  int64_t clips_ = 0;
};

}  // namespace relevid::run
