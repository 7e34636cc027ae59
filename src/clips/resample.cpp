// SPDX-License-Identifier: Apache-2.0
#include "clips/resample.h"

#include <algorithm>
#include <cmath>

#include "clips/channels.h"
#include "clips/opencv_bilinear.h"
#include "clips/settings_names.h"
#include "relevid/error.h"

namespace relevid {
namespace {

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

/// Keys' cubic convolution kernel (1981).
double cubic(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}

/// Collects the weights of one output; inputs beyond an edge count for the edge.
class TapBuilder {
 public:
  TapBuilder(int64_t input, int64_t first, int64_t last)
      : low_(std::clamp<int64_t>(first, 0, input - 1)),
        high_(std::clamp<int64_t>(last, 0, input - 1)),
        weights_(static_cast<size_t>(high_ - low_ + 1)) {}

  void add(int64_t index, double weight) {
    weights_[static_cast<size_t>(std::clamp(index, low_, high_) - low_)] += weight;
  }

  Tap normalised() const {
    double sum = 0;
    for (const double weight : weights_) sum += weight;
    Tap tap{low_, {}};
    for (const double weight : weights_) tap.weights.push_back(static_cast<float>(weight / sum));
    return tap;
  }

 private:
  int64_t low_;
  int64_t high_;
  std::vector<double> weights_;
};

Tap nearest_tap(int64_t input, double scale, int64_t i) {
  const auto index = static_cast<int64_t>(std::floor(static_cast<double>(i) * scale));
  return {std::min(index, input - 1), {1.0F}};
}

/// The kernel at its own width, around the centre of the output pixel.
Tap interpolating_tap(Filter filter, int64_t input, double scale, int64_t i) {
  const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
  const auto left = static_cast<int64_t>(std::floor(centre));
  const int64_t reach = filter == Filter::kBicubic ? 2 : 1;
  TapBuilder tap(input, left - reach + 1, left + reach);
  for (int64_t k = left - reach + 1; k <= left + reach; ++k) {
    const double distance = static_cast<double>(k) - centre;
    tap.add(k, filter == Filter::kBicubic ? cubic(distance, -0.75) : triangle(distance));
  }
  return tap.normalised();
}

/// The kernel as wide as the reduction asks for, cut off at the edges, as Pillow defines it.
Tap smoothing_tap(Filter filter, int64_t input, double scale, int64_t i) {
  const double stretch = std::max(scale, 1.0);
  const double support = (filter == Filter::kBicubic ? 2.0 : 1.0) * stretch;
  const double centre = (static_cast<double>(i) + 0.5) * scale;
  const auto first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
  const auto end = std::min(input, static_cast<int64_t>(centre + support + 0.5));
  TapBuilder tap(input, first, end - 1);
  for (int64_t k = first; k < end; ++k) {
    const double distance = (static_cast<double>(k) - centre + 0.5) / stretch;
    tap.add(k, filter == Filter::kBicubic ? cubic(distance, -0.5) : triangle(distance));
  }
  return tap.normalised();
}

/// Each input by the part of it that lies in the output's box.
Tap area_tap(int64_t input, double scale, int64_t i) {
  const double low = static_cast<double>(i) * scale;
  const double high = low + scale;
  const auto first = static_cast<int64_t>(std::floor(low));
  const auto last = std::max(first, static_cast<int64_t>(std::ceil(high)) - 1);
  TapBuilder tap(input, first, last);
  for (int64_t k = first; k <= last; ++k) {
    const auto left = static_cast<double>(k);
    tap.add(k, std::max(0.0, std::min(high, left + 1) - std::max(low, left)));
  }
  return tap.normalised();
}

float rounded_to_byte(float value) {
  return std::floor(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

}  // namespace

std::vector<Tap> resampling_taps(Filter filter, Smoothing smoothing, int64_t input, int64_t output,
                                 int64_t begin, int64_t count) {
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  std::vector<Tap> taps;
  taps.reserve(static_cast<size_t>(count));
  for (int64_t i = begin; i < begin + count; ++i) {
    if (input == output) {
      taps.push_back({i, {1.0F}});
    } else if (filter == Filter::kNearest) {
      taps.push_back(nearest_tap(input, scale, i));
    } else if (filter == Filter::kArea) {
      taps.push_back(area_tap(input, scale, i));
    } else if (smoothing == Smoothing::kOn) {
      taps.push_back(smoothing_tap(filter, input, scale, i));
    } else {
      taps.push_back(interpolating_tap(filter, input, scale, i));
    }
  }
  return taps;
}

namespace {

/// Any filter, in float.
class FloatResizer final : public FrameResizer {
 public:
  FloatResizer(const Preprocessing& preprocessing, const Geometry& geometry);

  std::span<const float> resize(const Frame& frame) override;

 private:
  void resize_row(const uint8_t* row, float* target) const;

  Geometry geometry_;
  std::vector<Tap> columns_;
  std::vector<Tap> rows_;
  std::vector<bool> row_used_;  ///< [source height]
  bool rounded_;
  bool rounded_between_passes_;
  std::vector<float> reduced_rows_;  ///< [source height, model width, 3], only the used rows are filled
  std::vector<float> result_;
};

FloatResizer::FloatResizer(const Preprocessing& preprocessing, const Geometry& geometry)
    : geometry_(geometry),
      columns_(resampling_taps(preprocessing.filter, preprocessing.smoothing, geometry.source.width,
                               geometry.resized.width, geometry.crop_left, geometry.model.width)),
      rows_(resampling_taps(preprocessing.filter, preprocessing.smoothing, geometry.source.height,
                            geometry.resized.height, geometry.crop_top, geometry.model.height)),
      row_used_(static_cast<size_t>(geometry.source.height)),
      rounded_(preprocessing.resized_values == ResizedValues::kEightBit),
      // Pillow keeps 8 bits between its horizontal and its vertical pass.
      rounded_between_passes_(rounded_ && preprocessing.smoothing == Smoothing::kOn),
      reduced_rows_(static_cast<size_t>(geometry.source.height * geometry.model.width * kChannels)),
      result_(static_cast<size_t>(geometry.model.height * geometry.model.width * kChannels)) {
  for (const Tap& tap : rows_) {
    for (size_t k = 0; k < tap.weights.size(); ++k) row_used_[static_cast<size_t>(tap.first) + k] = true;
  }
}

void FloatResizer::resize_row(const uint8_t* row, float* target) const {
  for (const Tap& tap : columns_) {
    const uint8_t* pixel = row + tap.first * kChannels;
    float red = 0;
    float green = 0;
    float blue = 0;
    for (const float weight : tap.weights) {
      red += weight * pixel[0];
      green += weight * pixel[1];
      blue += weight * pixel[2];
      pixel += kChannels;
    }
    target[0] = red;
    target[1] = green;
    target[2] = blue;
    target += kChannels;
  }
}

std::span<const float> FloatResizer::resize(const Frame& frame) {
  const size_t row_size = static_cast<size_t>(geometry_.model.width * kChannels);
  for (size_t y = 0; y < row_used_.size(); ++y) {
    if (!row_used_[y]) continue;
    float* row = &reduced_rows_[y * row_size];
    resize_row(&frame.rgb[y * static_cast<size_t>(frame.width * kChannels)], row);
    if (rounded_between_passes_) std::transform(row, row + row_size, row, rounded_to_byte);
  }
  for (size_t y = 0; y < rows_.size(); ++y) {
    float* target = &result_[y * row_size];
    std::fill(target, target + row_size, 0.0F);
    const float* source = &reduced_rows_[static_cast<size_t>(rows_[y].first) * row_size];
    for (const float weight : rows_[y].weights) {
      for (size_t x = 0; x < row_size; ++x) target[x] += weight * source[x];
      source += row_size;
    }
    if (rounded_) std::transform(target, target + row_size, target, rounded_to_byte);
  }
  return result_;
}

}  // namespace

std::unique_ptr<FrameResizer> make_frame_resizer(const Preprocessing& preprocessing,
                                                 const Geometry& geometry) {
  if (preprocessing.resized_values != ResizedValues::kOpenCv) {
    return std::make_unique<FloatResizer>(preprocessing, geometry);
  }
  if (!opencv_rounding_fits(preprocessing.filter, preprocessing.smoothing)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("OpenCV's rounding of resized values is that of its bilinear filter without "
                            "smoothing, not of {}{}: round to \"8 bits\" or keep \"float\"",
                            name_in(kFilterNames, preprocessing.filter),
                            preprocessing.smoothing == Smoothing::kOn ? " with smoothing" : ""));
  }
  return std::make_unique<OpenCvBilinear>(geometry);
}

}  // namespace relevid
