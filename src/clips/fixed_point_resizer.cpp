// SPDX-License-Identifier: Apache-2.0
#include "clips/fixed_point_resizer.h"

#include <algorithm>

#include "clips/channels.h"

namespace relevid {
namespace {

constexpr int kMostPrecision = 22;

int32_t whole(double weight) {
  return static_cast<int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
}

double scaled(double weight, int precision) {
  return weight * static_cast<double>(int32_t{1} << precision);
}

/// The most bits that let the largest weight of the axis stay below 2^15.
int torch_precision(std::span<const SmoothingTap> taps) {
  double largest = 0;
  for (const SmoothingTap& tap : taps) {
    for (const double weight : tap.weights) largest = std::max(largest, weight / tap.sum);
  }
  int precision = 0;
  while (precision < kMostPrecision && whole(scaled(largest, precision + 1)) < (int32_t{1} << 15))
    ++precision;
  return precision;
}

/// Pillow multiplies by one over the sum, torch divides by the sum.
int32_t whole_weight(ResizedValues values, const SmoothingTap& tap, size_t k, int precision) {
  const double weight =
      values == ResizedValues::kPillow ? tap.weights[k] * (1.0 / tap.sum) : tap.weights[k] / tap.sum;
  return whole(scaled(weight, precision));
}

/// Of outputs begin .. begin + count - 1.
WholeTaps whole_taps(const Preprocessing& preprocessing, int64_t input, int64_t output, int64_t begin,
                     int64_t count) {
  WholeTaps result;
  if (input == output) {
    for (int64_t i = begin; i < begin + count; ++i)
      result.taps.push_back({i, {int32_t{1} << result.precision}});
    return result;
  }
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  std::vector<SmoothingTap> taps;
  for (int64_t i = 0; i < output; ++i) taps.push_back(smoothing_tap(preprocessing.filter, input, scale, i));
  const ResizedValues values = preprocessing.resized_values;
  result.precision = values == ResizedValues::kPillow ? kMostPrecision : torch_precision(taps);
  for (int64_t i = begin; i < begin + count; ++i) {
    const SmoothingTap& tap = taps[static_cast<size_t>(i)];
    WholeTap whole{tap.first, {}};
    for (size_t k = 0; k < tap.weights.size(); ++k)
      whole.weights.push_back(whole_weight(values, tap, k, result.precision));
    result.taps.push_back(std::move(whole));
  }
  return result;
}

/// From Pillow 13 on.
bool pillow_takes_columns_first(const Geometry& g) {
  return g.resized.height < g.source.height &&
         g.source.height - g.resized.height > 2 * (g.source.width - g.resized.width);
}

int32_t half(int precision) {
  return int32_t{1} << (precision - 1);
}

uint8_t byte_of(int32_t sum, int precision) {
  return static_cast<uint8_t>(std::clamp(sum >> precision, 0, 255));
}

size_t bytes_of(int64_t height, int64_t width) {
  return static_cast<size_t>(height * width * kChannels);
}

}  // namespace

FixedPointResizer::FixedPointResizer(const Preprocessing& preprocessing, const Geometry& geometry)
    : geometry_(geometry),
      order_(pillow_takes_columns_first(geometry) && preprocessing.resized_values == ResizedValues::kPillow
                 ? Order::kColumnsFirst
                 : Order::kRowsFirst),
      columns_(whole_taps(preprocessing, geometry.source.width, geometry.resized.width, geometry.crop_left,
                          geometry.model.width)),
      rows_(whole_taps(preprocessing, geometry.source.height, geometry.resized.height, geometry.crop_top,
                       geometry.model.height)),
      row_used_(static_cast<size_t>(geometry.source.height)),
      between_(order_ == Order::kRowsFirst ? bytes_of(geometry.source.height, geometry.model.width)
                                           : bytes_of(geometry.model.height, geometry.source.width)),
      bytes_(bytes_of(geometry.model.height, geometry.model.width)) {
  for (const WholeTap& tap : rows_.taps) {
    for (size_t k = 0; k < tap.weights.size(); ++k) row_used_[static_cast<size_t>(tap.first) + k] = true;
  }
}

void FixedPointResizer::along_row(const uint8_t* row, uint8_t* target) const {
  const int32_t start = half(columns_.precision);
  for (const WholeTap& tap : columns_.taps) {
    const uint8_t* pixel = row + tap.first * kChannels;
    int32_t red = start, green = start, blue = start;
    for (const int32_t weight : tap.weights) {
      red += weight * pixel[0];
      green += weight * pixel[1];
      blue += weight * pixel[2];
      pixel += kChannels;
    }
    target[0] = byte_of(red, columns_.precision);
    target[1] = byte_of(green, columns_.precision);
    target[2] = byte_of(blue, columns_.precision);
    target += kChannels;
  }
}

void FixedPointResizer::along_columns(const WholeTap& tap, const uint8_t* rows, size_t row_size,
                                      uint8_t* target) {
  sums_.assign(row_size, half(rows_.precision));
  const uint8_t* source = rows + static_cast<size_t>(tap.first) * row_size;
  for (const int32_t weight : tap.weights) {
    for (size_t x = 0; x < row_size; ++x) sums_[x] += weight * source[x];
    source += row_size;
  }
  for (size_t x = 0; x < row_size; ++x) target[x] = byte_of(sums_[x], rows_.precision);
}

std::span<const float> FixedPointResizer::resize(const Frame& frame) {
  const size_t source_row = bytes_of(1, geometry_.source.width),
               model_row = bytes_of(1, geometry_.model.width);
  if (order_ == Order::kRowsFirst) {
    for (size_t y = 0; y < row_used_.size(); ++y) {
      if (row_used_[y]) along_row(&frame.rgb[y * source_row], &between_[y * model_row]);
    }
    for (size_t y = 0; y < rows_.taps.size(); ++y)
      along_columns(rows_.taps[y], between_.data(), model_row, &bytes_[y * model_row]);
  } else {
    for (size_t y = 0; y < rows_.taps.size(); ++y) {
      along_columns(rows_.taps[y], frame.rgb.data(), source_row, &between_[y * source_row]);
      along_row(&between_[y * source_row], &bytes_[y * model_row]);
    }
  }
  result_.assign(bytes_.begin(), bytes_.end());
  return result_;
}

}  // namespace relevid
