// SPDX-License-Identifier: Apache-2.0
#include "clips/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "clips/channels.h"
#include "clips/fixed_point_resizer.h"
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

double sinc(double x) {
  if (x == 0) return 1;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

/// Sinc in a window of three lobes.
double lanczos(double x) {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

/// A filter of those that smooth, at its own width.
struct Kernel {
  double (*value)(double x);
  double reach;  ///< beyond it all weights are zero
};

Kernel smoothing_kernel(Filter filter) {
  if (filter == Filter::kLanczos) return {lanczos, 3};
  if (filter == Filter::kBicubic) return {[](double x) { return cubic(x, -0.5); }, 2};
  return {triangle, 1};
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

/// Between the two inputs nearest to the centre of the output pixel, whose place is computed in float as
/// torch does: in double, one byte of a thousand would be rounded to another level.
Tap bilinear_tap(int64_t input, int64_t output, int64_t i) {
  const float scale = static_cast<float>(input) / static_cast<float>(output);
  const float place = std::max(scale * (static_cast<float>(i) + 0.5F) - 0.5F, 0.0F);
  const auto left = static_cast<int64_t>(place);
  if (left >= input - 1) return {input - 1, {1.0F}};
  const float share = place - static_cast<float>(left);
  return {left, {1.0F - share, share}};
}

/// The cubic kernel at its own width, around the centre of the output pixel.
Tap bicubic_tap(int64_t input, double scale, int64_t i) {
  const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
  const auto left = static_cast<int64_t>(std::floor(centre));
  TapBuilder tap(input, left - 1, left + 2);
  for (int64_t k = left - 1; k <= left + 2; ++k) tap.add(k, cubic(static_cast<double>(k) - centre, -0.75));
  return tap.normalised();
}

Tap in_float(const SmoothingTap& tap) {
  Tap result{tap.first, {}};
  for (const double weight : tap.weights) result.weights.push_back(static_cast<float>(weight / tap.sum));
  return result;
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

/// Half up, as programs do that smooth in fixed point.
float rounded_half_up(float value) {
  return std::floor(std::clamp(value, 0.0F, 255.0F) + 0.5F);
}

/// Half to even, as torch.round and numpy.round: what is left of a number of which this is the last place.
float rounded_half_to_even(float value) {
  constexpr float kLastPlaceIsOne = 0x1.8p23F;
  return (std::clamp(value, 0.0F, 255.0F) + kLastPlaceIsOne) - kLastPlaceIsOne;
}

}  // namespace

SmoothingTap smoothing_tap(Filter filter, int64_t input, double scale, int64_t i) {
  const Kernel kernel = smoothing_kernel(filter);
  const double stretch = std::max(scale, 1.0), narrowing = 1.0 / stretch;
  const double support = kernel.reach * stretch;
  const double centre = (static_cast<double>(i) + 0.5) * scale;
  const auto end = std::min(input, static_cast<int64_t>(centre + support + 0.5));
  SmoothingTap tap{std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5)), {}, 0};
  for (int64_t k = tap.first; k < end; ++k) {
    const double weight = kernel.value((static_cast<double>(k) - centre + 0.5) * narrowing);
    tap.weights.push_back(weight);
    tap.sum += weight;
  }
  return tap;
}

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
      taps.push_back(in_float(smoothing_tap(filter, input, scale, i)));
    } else if (filter == Filter::kBicubic) {
      taps.push_back(bicubic_tap(input, scale, i));
    } else {
      taps.push_back(bilinear_tap(input, output, i));
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
  Smoothing smoothing_;
  bool rounded_;
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
      smoothing_(preprocessing.smoothing),
      rounded_(preprocessing.resized_values == ResizedValues::kEightBit),
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
    // Programs that smooth keep 8 bits between their horizontal and their vertical pass.
    if (rounded_ && smoothing_ == Smoothing::kOn) std::transform(row, row + row_size, row, rounded_half_up);
  }
  for (size_t y = 0; y < rows_.size(); ++y) {
    float* target = &result_[y * row_size];
    std::fill(target, target + row_size, 0.0F);
    const float* source = &reduced_rows_[static_cast<size_t>(rows_[y].first) * row_size];
    for (const float weight : rows_[y].weights) {
      for (size_t x = 0; x < row_size; ++x) target[x] += weight * source[x];
      source += row_size;
    }
    if (!rounded_) continue;
    if (smoothing_ == Smoothing::kOn)
      std::transform(target, target + row_size, target, rounded_half_up);
    else
      std::transform(target, target + row_size, target, rounded_half_to_even);
  }
  return result_;
}

/// Throws where the filter is not there in this form.
void check_filter(const Preprocessing& p) {
  if (p.filter == Filter::kLanczos && p.smoothing == Smoothing::kOff)
    throw Error(ErrorKind::kInvalidArgument, "the filter lanczos is defined with smoothing alone");
  if (rounding_fits(p.resized_values, p.filter, p.smoothing)) return;
  const bool opencv = p.resized_values == ResizedValues::kOpenCv;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("{}'s rounding of resized values is that of {}, not of {}{}: round to \"8 bits\" or "
                  "keep \"float\"",
                  opencv                                       ? "OpenCV"
                  : p.resized_values == ResizedValues::kPillow ? "Pillow"
                                                               : "torch",
                  opencv ? "its bilinear filter without smoothing"
                         : "filters with smoothing (bilinear, bicubic, lanczos)",
                  name_in(kFilterNames, p.filter), p.smoothing == Smoothing::kOn ? " with smoothing" : ""));
}

}  // namespace

std::unique_ptr<FrameResizer> make_frame_resizer(const Preprocessing& preprocessing,
                                                 const Geometry& geometry) {
  const ResizedValues values = preprocessing.resized_values;
  check_filter(preprocessing);
  if (values == ResizedValues::kOpenCv) return std::make_unique<OpenCvBilinear>(geometry);
  if (in_fixed_point(values)) return std::make_unique<FixedPointResizer>(preprocessing, geometry);
  return std::make_unique<FloatResizer>(preprocessing, geometry);
}

}  // namespace relevid
