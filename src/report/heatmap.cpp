// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/colormap.h"
#include "relevid/error.h"
#include "report/checks.h"

namespace relevid {
namespace {

constexpr Rgb kUnseen{222, 222, 222};

/// The source pixels that make one target pixel, along one axis.
struct Taps {
  int64_t first = 0;
  std::vector<float> weights;
};

/// A triangle filter with half-pixel centres: plain bilinear when enlarging, as wide as a target pixel when
/// shrinking.
std::vector<Taps> triangle_taps(int64_t from, int64_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  const double radius = std::max(ratio, 1.0);
  std::vector<Taps> all(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double centre =
        std::clamp((static_cast<double>(i) + 0.5) * ratio, 0.5, static_cast<double>(from) - 0.5);
    const auto begin = std::max<int64_t>(0, static_cast<int64_t>(std::floor(centre - 0.5 - radius)) + 1);
    const auto end = std::min<int64_t>(from, static_cast<int64_t>(std::ceil(centre - 0.5 + radius)));
    Taps taps{.first = begin, .weights = {}};
    double sum = 0;
    for (int64_t j = begin; j < end; ++j) {
      const double weight = std::max(0.0, 1 - std::abs(static_cast<double>(j) + 0.5 - centre) / radius);
      taps.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (auto& weight : taps.weights) weight = static_cast<float>(weight / sum);
    all[static_cast<size_t>(i)] = std::move(taps);
  }
  return all;
}

struct Extent {
  int64_t width;
  int64_t height;
};

/// [height, width, channels] to another height and width, columns first, then rows.
template <class T>
std::vector<float> resample(std::span<const T> values, Extent from, Extent to, int64_t channels) {
  const auto columns = triangle_taps(from.width, to.width);
  const auto rows = triangle_taps(from.height, to.height);
  const int64_t row_size = to.width * channels;
  std::vector<float> narrowed(static_cast<size_t>(from.height * row_size));
  for (int64_t y = 0; y < from.height; ++y) {
    const T* source = values.data() + y * from.width * channels;
    float* target = narrowed.data() + y * row_size;
    for (const auto& taps : columns) {
      for (int64_t c = 0; c < channels; ++c) {
        float sum = 0;
        const T* pixel = source + taps.first * channels + c;
        for (size_t k = 0; k < taps.weights.size(); ++k, pixel += channels) {
          sum += taps.weights[k] * static_cast<float>(*pixel);
        }
        *target++ = sum;
      }
    }
  }
  std::vector<float> result(static_cast<size_t>(to.height * row_size), 0.0F);
  for (int64_t y = 0; y < to.height; ++y) {
    const auto& taps = rows[static_cast<size_t>(y)];
    float* target = result.data() + y * row_size;
    for (size_t k = 0; k < taps.weights.size(); ++k) {
      const float* source = narrowed.data() + (taps.first + static_cast<int64_t>(k)) * row_size;
      for (int64_t x = 0; x < row_size; ++x) target[x] += taps.weights[k] * source[x];
    }
  }
  return result;
}

uint8_t to_byte(double value) {
  return static_cast<uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
}

void require_target(int64_t width, int64_t height) {
  if (width < 1 || height < 1) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("cannot resize to {}x{} pixels", width, height));
  }
}

Picture empty_picture(int64_t width, int64_t height) {
  return {
      .width = width, .height = height, .rgb = std::vector<uint8_t>(static_cast<size_t>(width * height * 3))};
}

void put(Picture& picture, size_t pixel, Rgb color) {
  picture.rgb[3 * pixel] = color.red;
  picture.rgb[3 * pixel + 1] = color.green;
  picture.rgb[3 * pixel + 2] = color.blue;
}

}  // namespace

namespace report {

void require_valid(MapView map, std::string_view what) {
  if (map.width < 1 || map.height < 1 || std::ssize(map.values) != map.width * map.height) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("{}: a relevance map of {}x{} pixels has {} values",
                                                         what, map.width, map.height, map.values.size()));
  }
}

void require_valid(PictureView picture, std::string_view what) {
  if (picture.width < 1 || picture.height < 1 ||
      std::ssize(picture.rgb) != picture.width * picture.height * 3) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{}: a picture of {}x{} RGB pixels has {} bytes", what, picture.width,
                            picture.height, picture.rgb.size()));
  }
}

void require_match(ColorMap colors, const Scale& scale) {
  const auto word = [](RelevanceSign sign) { return sign == RelevanceSign::kSigned ? "signed" : "unsigned"; };
  if (!std::isfinite(scale.limit) || scale.limit < 0) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("the limit of a colour scale is {}; it must be finite and not negative", scale.limit));
  }
  if (sign_of(colors) != scale.sign) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("the colour map {} is for {} relevance, but the scale is {}", name(colors),
                            word(sign_of(colors)), word(scale.sign)));
  }
}

}  // namespace report

std::vector<float> resize_map(MapView map, int64_t width, int64_t height) {
  report::require_valid(map, "resizing");
  require_target(width, height);
  return resample(map.values, {map.width, map.height}, {width, height}, 1);
}

Picture resize_picture(PictureView picture, int64_t width, int64_t height) {
  report::require_valid(picture, "resizing");
  require_target(width, height);
  Picture resized = empty_picture(width, height);
  if (width == picture.width && height == picture.height) {
    std::copy(picture.rgb.begin(), picture.rgb.end(), resized.rgb.begin());
    return resized;
  }
  const auto values = resample(picture.rgb, {picture.width, picture.height}, {width, height}, 3);
  std::transform(values.begin(), values.end(), resized.rgb.begin(), to_byte);
  return resized;
}

Picture render_heatmap(MapView map, ColorMap colors, const Scale& scale) {
  report::require_valid(map, "heat map");
  report::require_match(colors, scale);
  Picture picture = empty_picture(map.width, map.height);
  for (size_t i = 0; i < map.values.size(); ++i) {
    const float value = map.values[i];
    put(picture, i, std::isnan(value) ? kUnseen : color_at(colors, scale.position(value)));
  }
  return picture;
}

Rgb overlay_color(double luma, double relevance, ColorMap colors, const Scale& scale) {
  constexpr double kDarkest = 40;
  constexpr double kBrightest = 225;
  constexpr double kFade = 0.6;
  constexpr double kMostOpaque = 0.92;
  const double grey = kDarkest + (kBrightest - kDarkest) * luma / 255;
  if (std::isnan(relevance)) {
    const uint8_t faded = to_byte(grey + (255 - grey) * kFade);
    return {faded, faded, faded};
  }
  const double strength = scale.strength(relevance);
  const double root = std::sqrt(strength);
  const double reach = std::copysign(root, relevance);
  const Rgb color = color_at(colors, scale.sign == RelevanceSign::kSigned ? 0.5 + 0.5 * reach : root);
  const double opacity = kMostOpaque * root * std::sqrt(root);
  const auto blend = [&](uint8_t channel) { return to_byte(grey + (channel - grey) * opacity); };
  return {blend(color.red), blend(color.green), blend(color.blue)};
}

Picture render_overlay(PictureView frame, MapView map, ColorMap colors, const Scale& scale) {
  report::require_valid(frame, "overlay");
  report::require_match(colors, scale);
  const auto values = resize_map(map, frame.width, frame.height);
  Picture picture = empty_picture(frame.width, frame.height);
  for (size_t i = 0; i < values.size(); ++i) {
    const double luma =
        0.299 * frame.rgb[3 * i] + 0.587 * frame.rgb[3 * i + 1] + 0.114 * frame.rgb[3 * i + 2];
    put(picture, i, overlay_color(luma, values[i], colors, scale));
  }
  return picture;
}

}  // namespace relevid
