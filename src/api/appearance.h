// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "relevid/colormap.h"
#include "relevid/explanation_files.h"

namespace relevid {

/// How an explanation is drawn: decided here once, for figure, overlay video, page and record.
struct Appearance {
  ColorMap colors = ColorMap::kColdNHot;
  Scale scale;  ///< of R summed over channels, over all clips
};

/// Signed where the method's relevance can be negative, and where a noticeable part of this one is (a
/// negative score, is_signed): hidden, it would mislead.
RelevanceSign relevance_sign(const Explanation& explanation);
/// OutputOptions::color_map as it is for relevance of this sign. Error(kInvalidArgument) for an unknown name.
ColorMap colors_for(RelevanceSign sign, const std::string& color_map);
/// Errors as colors_for's and fit_scale's.
Appearance appearance_of(const Explanation& explanation, const OutputOptions& options);

/// Whether the architecture's null profile is there, and something to compare this relevance with.
bool shows_null_profile(const Explanation& explanation, const OutputOptions& options);

/// {"colors", "percentile", "limit"}: how the pictures are drawn.
nlohmann::json scale_record(const Appearance& appearance);
/// {"clips", "copies", "of", "sentence"} of RepeatedFrames; null where no clip repeats a frame.
nlohmann::json repeated_record(const Explanation& explanation);

}  // namespace relevid
