// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "clips/resample.h"
#include "relevid/error.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

constexpr int64_t kMaxSide = 1 << 15;

void check_side(std::string_view what, int64_t length) {
  if (length >= 1 && length <= kMaxSide) return;
  throw Error(ErrorKind::kInvalidArgument, fmt::format("{} must be 1 to {}, not {}", what, kMaxSide, length));
}

void check_size(std::string_view what, const Size& size) {
  check_side(fmt::format("the height of {}", what), size.height);
  check_side(fmt::format("the width of {}", what), size.width);
}

/// The longer side once the shorter one is `short_side`, in whole numbers.
int64_t long_side(Rounding rounding, int64_t short_side, int64_t source_long, int64_t source_short) {
  const int64_t product = short_side * source_long;
  switch (rounding) {
    case Rounding::kFloor:
      return product / source_short;
    case Rounding::kRound:
      return (2 * product + source_short) / (2 * source_short);
    case Rounding::kCeil:
      return (product + source_short - 1) / source_short;
  }
  throw Error(ErrorKind::kInternal, "unknown rounding");
}

Size resized_size(const Preprocessing& preprocessing, const Size& source) {
  switch (preprocessing.spatial) {
    case Spatial::kNone:
      return source;
    case Spatial::kStretch:
      return preprocessing.stretch;
    case Spatial::kShortSide:
      break;
  }
  const int64_t side = preprocessing.short_side;
  check_side("the short side to resize to", side);
  if (source.height <= source.width) {
    return {side, long_side(preprocessing.long_side, side, source.width, source.height)};
  }
  return {long_side(preprocessing.long_side, side, source.height, source.width), side};
}

int64_t crop_offset(Rounding rounding, int64_t margin) {
  switch (rounding) {
    case Rounding::kFloor:
      return margin / 2;
    case Rounding::kRound:
      return margin / 2 + (margin % 4 == 3);
    case Rounding::kCeil:
      return (margin + 1) / 2;
  }
  throw Error(ErrorKind::kInternal, "unknown rounding");
}

void check_map(const Tensor& relevance, const Geometry& geometry) {
  const Shape& shape = relevance.shape();
  const int64_t rank = shape.rank();
  if (rank >= 2 && shape[rank - 2] == geometry.model.height && shape[rank - 1] == geometry.model.width)
    return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("relevance of shape {} does not end in the model's {} x {} pixels",
                          shape.to_string(), geometry.model.height, geometry.model.width));
}

/// What one source pixel takes from the model's pixels along one axis.
using Gather = std::vector<std::pair<int64_t, float>>;

/// The adjoint of resizing by area: model pixel m gives source pixel s the part of m's box that lies in s.
std::vector<Gather> spreading(int64_t source, int64_t resized, int64_t crop_begin, int64_t crop_length) {
  std::vector<Gather> gathers(static_cast<size_t>(source));
  const auto taps = resampling_taps(Filter::kArea, Smoothing::kOff, source, resized, crop_begin, crop_length);
  for (size_t m = 0; m < taps.size(); ++m) {
    for (size_t k = 0; k < taps[m].weights.size(); ++k) {
      gathers[static_cast<size_t>(taps[m].first) + k].emplace_back(static_cast<int64_t>(m),
                                                                   taps[m].weights[k]);
    }
  }
  return gathers;
}

/// Bilinear between the centres of model pixels, for source pixels whose centre lies in the crop.
std::vector<Gather> interpolation(int64_t source, int64_t resized, int64_t crop_begin, int64_t crop_length) {
  std::vector<Gather> gathers(static_cast<size_t>(source));
  const double scale = static_cast<double>(resized) / static_cast<double>(source);
  for (int64_t s = 0; s < source; ++s) {
    const double place = (static_cast<double>(s) + 0.5) * scale - static_cast<double>(crop_begin);
    if (place < 0 || place >= static_cast<double>(crop_length)) continue;
    const double centre = std::clamp(place - 0.5, 0.0, static_cast<double>(crop_length - 1));
    const auto left = static_cast<int64_t>(centre);
    const auto fraction = static_cast<float>(centre - static_cast<double>(left));
    auto& gather = gathers[static_cast<size_t>(s)];
    gather.emplace_back(left, 1 - fraction);
    if (fraction > 0) gather.emplace_back(left + 1, fraction);
  }
  return gathers;
}

Tensor gathered(const Tensor& relevance, const Geometry& geometry, const std::vector<Gather>& rows,
                const std::vector<Gather>& columns) {
  check_map(relevance, geometry);
  std::vector<int64_t> dims = relevance.shape().dims();
  dims[dims.size() - 2] = geometry.source.height;
  dims.back() = geometry.source.width;
  Tensor result(Shape(std::move(dims)), DType::kF32);

  const auto source = relevance.values<float>();
  const auto target = result.values<float>();
  const auto model_width = static_cast<size_t>(geometry.model.width);
  const auto model_area = model_width * static_cast<size_t>(geometry.model.height);
  std::vector<float> row_sum(model_width);
  float* out = target.data();
  for (size_t map = 0; map < source.size() / model_area; ++map) {
    for (const Gather& row : rows) {
      std::fill(row_sum.begin(), row_sum.end(), 0.0F);
      for (const auto& [y, weight] : row) {
        const float* from = &source[map * model_area + static_cast<size_t>(y) * model_width];
        for (size_t x = 0; x < model_width; ++x) row_sum[x] += weight * from[x];
      }
      for (const Gather& column : columns) {
        float sum = 0;
        for (const auto& [x, weight] : column) sum += weight * row_sum[static_cast<size_t>(x)];
        *out++ = sum;
      }
    }
  }
  return result;
}

}  // namespace

Geometry geometry(const Preprocessing& preprocessing, int64_t width, int64_t height) {
  Geometry result;
  result.source = {height, width};
  check_size("the frame", result.source);
  result.resized = resized_size(preprocessing, result.source);
  check_size("the resized frame", result.resized);
  result.model = preprocessing.crop.value_or(result.resized);
  check_size("the crop", result.model);
  const int64_t vertical_margin = result.resized.height - result.model.height;
  const int64_t horizontal_margin = result.resized.width - result.model.width;
  if (vertical_margin < 0 || horizontal_margin < 0) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("a crop of {} x {} (height x width) does not fit the resized frame of {} x {}",
                    result.model.height, result.model.width, result.resized.height, result.resized.width));
  }
  result.crop_top = crop_offset(preprocessing.crop_offset, vertical_margin);
  result.crop_left = crop_offset(preprocessing.crop_offset, horizontal_margin);
  return result;
}

Tensor map_to_source(const Tensor& relevance, const Geometry& geometry) {
  return gathered(
      relevance, geometry,
      spreading(geometry.source.height, geometry.resized.height, geometry.crop_top, geometry.model.height),
      spreading(geometry.source.width, geometry.resized.width, geometry.crop_left, geometry.model.width));
}

Tensor interpolate_to_source(const Tensor& relevance, const Geometry& geometry) {
  return gathered(
      relevance, geometry,
      interpolation(geometry.source.height, geometry.resized.height, geometry.crop_top,
                    geometry.model.height),
      interpolation(geometry.source.width, geometry.resized.width, geometry.crop_left, geometry.model.width));
}

}  // namespace relevid
