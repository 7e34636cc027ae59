// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "clips/resample.h"

namespace relevid {

/// One output sample: the inputs first .. first + weights.size() - 1, in units of 2^-precision.
struct WholeTap {
  int64_t first = 0;
  std::vector<int32_t> weights;
};

/// The outputs of one axis.
struct WholeTaps {
  std::vector<WholeTap> taps;
  int precision = 1;  ///< bits below the point of every weight
};

/// Image.resize of Pillow (ResizedValues::kPillow) and interpolate(antialias=True) of torch (kTorch) on 8-bit
/// images, bit for bit: along rows and then along columns, each rounded to 8 bits. Pillow's weights have 22
/// bits below the point; torch's have as many as let the largest one of the axis fit into 16 bits (as on
/// every processor with AVX2; without that torch computes bilinear in float). From version 13 on Pillow takes
/// columns first where the height shrinks by more than twice as many pixels as the width. Only for filters
/// that smooth.
class FixedPointResizer final : public FrameResizer {
 public:
  FixedPointResizer(const Preprocessing& preprocessing, const Geometry& geometry);

  std::span<const float> resize(const Frame& frame) override;

 private:
  enum class Order { kRowsFirst, kColumnsFirst };

  void along_row(const uint8_t* row, uint8_t* target) const;
  void along_columns(const WholeTap& tap, const uint8_t* rows, size_t row_size, uint8_t* target);

  Geometry geometry_;
  Order order_;
  WholeTaps columns_;           ///< the inputs of each output column
  WholeTaps rows_;              ///< the input rows of each output row
  std::vector<bool> row_used_;  ///< [source height]
  /// [source height, model width, 3], only the used rows are filled; or [model height, source width, 3].
  std::vector<uint8_t> between_;
  std::vector<int32_t> sums_;   ///< of a row that is written
  std::vector<uint8_t> bytes_;  ///< [model height, model width, 3]
  std::vector<float> result_;
};

}  // namespace relevid
