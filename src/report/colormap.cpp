// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/suggest.h"
#include "relevid/colormap.h"
#include "relevid/error.h"

namespace relevid {
namespace {

constexpr size_t kEntries = 257;
using Table = std::array<Rgb, kEntries>;

constexpr uint8_t mix(uint32_t a, uint32_t b, double t) {
  return static_cast<uint8_t>(a + (static_cast<double>(b) - a) * t + 0.5);
}

/// Equally spaced 0xRRGGBB anchors, linear in between.
template <size_t N>
constexpr Table interpolate(const std::array<uint32_t, N>& anchors) {
  Table table{};
  for (size_t i = 0; i < kEntries; ++i) {
    const double place = static_cast<double>(i) * (N - 1) / (kEntries - 1);
    const size_t left = std::min(static_cast<size_t>(place), N - 2);
    const double t = place - static_cast<double>(left);
    const uint32_t a = anchors[left];
    const uint32_t b = anchors[left + 1];
    table[i] = {mix(a >> 16, b >> 16, t), mix(a >> 8 & 255, b >> 8 & 255, t), mix(a & 255, b & 255, t)};
  }
  return table;
}

struct Definition {
  ColorMap map;
  std::string_view name;
  RelevanceSign sign;
  Table table;
};

constexpr std::array kDefinitions = {
    Definition{ColorMap::kColdNHot, "coldnhot", RelevanceSign::kSigned,
               interpolate(std::array<uint32_t, 5>{0x00ffff, 0x0000ff, 0x000000, 0xff0000, 0xffff00})},
    Definition{ColorMap::kBwr, "bwr", RelevanceSign::kSigned,
               interpolate(std::array<uint32_t, 3>{0x0000ff, 0xffffff, 0xff0000})},
    Definition{ColorMap::kSeismic, "seismic", RelevanceSign::kSigned,
               interpolate(std::array<uint32_t, 5>{0x00004c, 0x0000ff, 0xffffff, 0xff0000, 0x800000})},
    Definition{ColorMap::kViridis, "viridis", RelevanceSign::kUnsigned,
               interpolate(std::array<uint32_t, 10>{0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e,
                                                    0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725})},
    Definition{ColorMap::kInferno, "inferno", RelevanceSign::kUnsigned,
               interpolate(std::array<uint32_t, 10>{0x000004, 0x1b0c41, 0x4a0c6b, 0x781c6d, 0xa52c60,
                                                    0xcf4446, 0xed6925, 0xfb9b06, 0xf7d13d, 0xfcffa4})},
};

const Definition& definition(ColorMap map) {
  for (const auto& candidate : kDefinitions) {
    if (candidate.map == map) return candidate;
  }
  throw Error(ErrorKind::kInternal, fmt::format("no colour map has the number {}", static_cast<int>(map)));
}

/// Where a percentile stands among `count` ordered values.
double place_of(double percentile, size_t count) {
  return percentile / 100 * static_cast<double>(count - 1);
}

/// Linear between the two order statistics next to it.
double percentile_of(const std::vector<float>& ordered, double percentile) {
  const double place = place_of(percentile, ordered.size());
  const auto below = static_cast<size_t>(place);
  const double low = ordered[below];
  if (below + 1 == ordered.size()) return low;
  return low + (static_cast<double>(ordered[below + 1]) - low) * (place - static_cast<double>(below));
}

void require_percentiles(std::span<const double> percentiles) {
  double previous = 0;
  for (const double percentile : percentiles) {
    if (!(percentile > 0 && percentile <= 100)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("the percentile of a colour scale is {}; it must be above 0 and at most 100",
                              percentile));
    }
    if (percentile < previous)
      throw Error(ErrorKind::kInvalidArgument, "the percentiles of a colour scale do not ascend");
    previous = percentile;
  }
}

/// |R| without what is NaN.
std::vector<float> magnitudes_of(std::span<const float> relevance) {
  std::vector<float> magnitudes;
  magnitudes.reserve(relevance.size());
  for (size_t i = 0; i < relevance.size(); ++i) {
    if (std::isinf(relevance[i])) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("no colour scale can hold infinite relevance, found at value {}", i));
    }
    if (!std::isnan(relevance[i])) magnitudes.push_back(std::abs(relevance[i]));
  }
  if (!magnitudes.empty()) return magnitudes;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("a colour scale needs relevance; none of the {} values is a number", relevance.size()));
}

}  // namespace

std::string_view name(ColorMap map) {
  return definition(map).name;
}

RelevanceSign sign_of(ColorMap map) {
  return definition(map).sign;
}

std::vector<std::string> color_map_names() {
  std::vector<std::string> names;
  for (const auto& known : kDefinitions) names.emplace_back(known.name);
  return names;
}

ColorMap parse_color_map(std::string_view name) {
  for (const auto& known : kDefinitions) {
    if (known.name == name) return known.map;
  }
  const auto names = color_map_names();
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("there is no colour map '{}'{}; the colour maps are {}", name,
                          did_you_mean(name, names), fmt::join(names, ", ")));
}

Rgb color_at(ColorMap map, double position) {
  constexpr long kMiddle = kEntries / 2;
  // Rounded away from the middle on both sides, so that a signed map stays symmetric.
  const long entry = kMiddle + std::lround((std::clamp(position, 0.0, 1.0) - 0.5) * (kEntries - 1));
  return definition(map).table[static_cast<size_t>(entry)];
}

double Scale::strength(double relevance) const {
  if (limit <= 0 || (sign == RelevanceSign::kUnsigned && relevance < 0)) return 0;
  return std::min(std::abs(relevance) / limit, 1.0);
}

double Scale::position(double relevance) const {
  if (sign == RelevanceSign::kUnsigned) return strength(relevance);
  return 0.5 + 0.5 * std::copysign(strength(relevance), relevance);
}

std::vector<double> scale_limits(std::span<const float> relevance, std::span<const double> percentiles) {
  require_percentiles(percentiles);
  std::vector<float> values = magnitudes_of(relevance);
  if (percentiles.empty()) return {};
  // Nothing below the lowest needs an order.
  const auto lowest =
      values.begin() + static_cast<std::ptrdiff_t>(place_of(percentiles.front(), values.size()));
  std::nth_element(values.begin(), lowest, values.end());
  std::sort(lowest, values.end());
  std::vector<double> limits;
  for (const double percentile : percentiles) {
    const double limit = percentile_of(values, percentile);
    limits.push_back(limit == 0 ? static_cast<double>(values.back()) : limit);
  }
  return limits;
}

Scale fit_scale(std::span<const float> relevance, RelevanceSign sign, double percentile) {
  const double limit = scale_limits(relevance, std::span(&percentile, 1)).front();
  return {.limit = limit, .sign = sign, .percentile = percentile};
}

}  // namespace relevid
