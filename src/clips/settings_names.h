// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "clips/names.h"
#include "relevid/preprocessing.h"

namespace relevid {

// The words of MODEL.json, for reading and for writing.

inline constexpr NameTable<ClipLayout, 3> kLayoutNames = {
    {{ClipLayout::kNcthw, "NCTHW"}, {ClipLayout::kNtchw, "NTCHW"}, {ClipLayout::kNthwc, "NTHWC"}}};
inline constexpr NameTable<Spatial, 3> kSpatialNames = {
    {{Spatial::kNone, "none"}, {Spatial::kStretch, "stretch"}, {Spatial::kShortSide, "short side"}}};
inline constexpr NameTable<Filter, 5> kFilterNames = {{{Filter::kNearest, "nearest"},
                                                       {Filter::kBilinear, "bilinear"},
                                                       {Filter::kBicubic, "bicubic"},
                                                       {Filter::kArea, "area"},
                                                       {Filter::kLanczos, "lanczos"}}};
inline constexpr NameTable<ResizedValues, 5> kResizedValuesNames = {{{ResizedValues::kEightBit, "8 bits"},
                                                                     {ResizedValues::kFloat, "float"},
                                                                     {ResizedValues::kOpenCv, "opencv"},
                                                                     {ResizedValues::kPillow, "pillow"},
                                                                     {ResizedValues::kTorch, "torch"}}};
inline constexpr NameTable<Rounding, 3> kRoundingNames = {
    {{Rounding::kFloor, "floor"}, {Rounding::kRound, "round"}, {Rounding::kCeil, "ceil"}}};
inline constexpr NameTable<Colour, 2> kColourNames = {{{Colour::kRgb, "RGB"}, {Colour::kBgr, "BGR"}}};

inline constexpr NameTable<ClipMean, 2> kClipMeanNames = {
    {{ClipMean::kKeep, "keep"}, {ClipMean::kSubtract, "subtract"}}};

inline constexpr std::string_view kIntervalPhrase = "round(fps / {:g}), at least 1";

/// mmaction2's centre clip, as side files write it.
inline std::string centre_offset_phrase(int64_t clip_len) {
  return fmt::format("max(n - ({} * frame_interval + 1), 0) // 2", clip_len - 1);
}

/// kNearest and kArea are what they are; the others smooth or not (kLanczos always does).
inline bool smoothing_matters(Filter filter) {
  return filter == Filter::kBilinear || filter == Filter::kBicubic || filter == Filter::kLanczos;
}

/// Those of one program alone, which computes in fixed point.
inline bool in_fixed_point(ResizedValues values) {
  return values == ResizedValues::kOpenCv || values == ResizedValues::kPillow ||
         values == ResizedValues::kTorch;
}

/// Whether the program that `values` names, where it names one, has this filter.
inline bool rounding_fits(ResizedValues values, Filter filter, Smoothing smoothing) {
  if (values == ResizedValues::kOpenCv) return filter == Filter::kBilinear && smoothing == Smoothing::kOff;
  return !in_fixed_point(values) || (smoothing_matters(filter) && smoothing == Smoothing::kOn);
}

}  // namespace relevid
