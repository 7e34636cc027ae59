// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// Colour maps. The first three are for signed relevance and have zero exactly at their middle colour
/// (coldnhot: black; bwr and seismic: white); viridis and inferno are for relevance that is never negative
/// and rise in luminance.
enum class ColorMap { kColdNHot, kBwr, kSeismic, kViridis, kInferno };

/// Whether relevance can be negative.
enum class RelevanceSign { kSigned, kUnsigned };

/// "coldnhot", "bwr", "seismic", "viridis", "inferno"
std::string_view name(ColorMap map);
/// All names, as name() has them.
std::vector<std::string> color_map_names();
/// Throws Error(kInvalidArgument) that lists the names and the nearest one.
ColorMap parse_color_map(std::string_view name);
/// The kind of relevance that a map is for.
RelevanceSign sign_of(ColorMap map);

/// A colour; 8 bits a channel.
struct Rgb {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
  bool operator==(const Rgb&) const = default;
};

/// The colour at `position` in [0, 1], from a table of 257 entries (odd, so that the middle is one of them).
Rgb color_at(ColorMap map, double position);

/// How relevance becomes a position on a colour map: one scale for a whole clip, never one a frame.
struct Scale {
  double limit = 1;  ///< relevance drawn at the end of the map; 0 where all relevance is zero
  RelevanceSign sign = RelevanceSign::kSigned;
  double percentile = 99.5;  ///< of |R|, what `limit` was taken from; printed in the pictures

  /// In [0, 1]. Signed: zero at 0.5 and -limit at 0. Unsigned: zero, and all below it, at 0. Clamped beyond
  /// the limit.
  double position(double relevance) const;
  /// |R| / limit in [0, 1]; 0 for negative relevance on an unsigned scale.
  double strength(double relevance) const;
};

/// Of |R|, where nothing else is said.
inline constexpr double kDefaultScalePercentile = 99.5;

/// The relevance drawn at the end of a colour map, for each of the percentiles (which ascend): the percentile
/// of |R| over all values (linear between order statistics), so that a few extreme pixels do not turn the
/// rest invisible; where that is zero, as in very sparse maps, the largest |R|. NaN marks pixels without
/// relevance and is left out. Throws Error(kInvalidArgument) for infinite relevance, for no finite value at
/// all, for percentiles outside (0, 100] or that do not ascend.
std::vector<double> scale_limits(std::span<const float> relevance, std::span<const double> percentiles);

/// The scale whose limit is that of one percentile. Throws as scale_limits.
Scale fit_scale(std::span<const float> relevance, RelevanceSign sign,
                double percentile = kDefaultScalePercentile);

/// An 8-bit RGB picture and views of pictures and relevance maps held elsewhere.
struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<uint8_t> rgb;  ///< [height, width, 3]
};
/// A picture that is held elsewhere.
struct PictureView {
  int64_t width = 0;
  int64_t height = 0;
  std::span<const uint8_t> rgb;  ///< [height, width, 3]
};
/// A relevance map that is held elsewhere.
struct MapView {
  int64_t width = 0;
  int64_t height = 0;
  std::span<const float> values;  ///< [height, width]; NaN: the model did not see this pixel
};
/// A view of a picture; valid as long as the picture is.
inline PictureView view(const Picture& picture) {
  return {picture.width, picture.height, picture.rgb};
}

// All functions below throw Error(kInvalidArgument) where sizes do not fit the values, and where the scale's
// sign is not the colour map's: a signed map drawn with an unsigned scale would show zero as strongly
// negative.

/// Bilinear with half-pixel centres; where the map shrinks, the filter widens, so that no relevance is
/// stepped over. A NaN makes every pixel NaN that it contributes to.
std::vector<float> resize_map(MapView map, int64_t width, int64_t height);
/// The same for the channels of a picture.
Picture resize_picture(PictureView picture, int64_t width, int64_t height);

/// The map's values as colours. NaN is drawn in a light grey that no colour map holds.
Picture render_heatmap(MapView map, ColorMap colors, const Scale& scale);

/// One pixel of an overlay. Note [Overlay]: the frame is drawn in grey, its contrast reduced so that no
/// colour is lost in black or white. Over it lies the map's colour for strength s = |R| / limit, looked up at
/// s^0.5 so that even weak relevance has a hue of its own, with opacity 0.92 s^0.75, so that zero leaves the
/// frame as it is. Colour bars of overlays are drawn through this function too. NaN fades the grey towards
/// white.
Rgb overlay_color(double luma, double relevance, ColorMap colors, const Scale& scale);

/// The frame in grey with the map over it, at the frame's size; the map is resized to it.
Picture render_overlay(PictureView frame, MapView map, ColorMap colors, const Scale& scale);

}  // namespace relevid
