// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "clips/resample.h"

namespace relevid {

/// Two neighbouring inputs (at an edge twice the same) and their weights, in units of 1 / 2048.
struct FixedPointTap {
  int64_t first = 0;
  int64_t second = 0;
  int32_t first_weight = 0;
  int32_t second_weight = 0;
};

/// cv2.resize(INTER_LINEAR) of 8-bit images, bit for bit: weights of 11 bits, 4 bits cut off after the
/// horizontal pass and 16 after each product of the vertical one, so that about one pixel of eight is one
/// level below the exact value.
class OpenCvBilinear final : public FrameResizer {
 public:
  explicit OpenCvBilinear(const Geometry& geometry);

  std::span<const float> resize(const Frame& frame) override;

 private:
  void resize_row(const uint8_t* row, int32_t* target) const;

  Geometry geometry_;
  std::vector<FixedPointTap> columns_;
  std::vector<FixedPointTap> rows_;
  std::vector<bool> row_used_;         ///< [source height]
  std::vector<int32_t> reduced_rows_;  ///< [source height, model width, 3], 7 bits below the point
  std::vector<float> result_;
};

}  // namespace relevid
