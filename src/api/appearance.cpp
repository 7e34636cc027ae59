// SPDX-License-Identifier: Apache-2.0
#include "api/appearance.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/maps.h"

namespace relevid {
namespace {

/// Whether some clip takes the video's last frame more than once.
bool repeats_the_end(const Explanation& e) {
  return e.video && std::ranges::any_of(e.plans, [&](const ClipPlan& plan) {
           return std::ranges::count(plan.frame_indices, e.video->frame_count - 1) > 1;
         });
}

}  // namespace

RelevanceSign relevance_sign(const Explanation& explanation) {
  const bool negative = explanation.traits.can_be_negative || explanation.is_signed;
  return negative ? RelevanceSign::kSigned : RelevanceSign::kUnsigned;
}

ColorMap colors_for(RelevanceSign sign, const std::string& color_map) {
  const ColorMap own = sign == RelevanceSign::kSigned ? ColorMap::kColdNHot : ColorMap::kInferno;
  if (color_map == "auto") return own;
  const ColorMap wanted = parse_color_map(color_map);
  const bool shows = sign == RelevanceSign::kUnsigned || sign_of(wanted) == RelevanceSign::kSigned;
  return shows ? wanted : own;
}

Appearance appearance_of(const Explanation& explanation, const OutputOptions& options) {
  Appearance result;
  result.colors = colors_for(relevance_sign(explanation), options.color_map);
  const Tensor maps = summed_over_channels(explanation.relevance);
  result.scale = fit_scale(maps.values<float>(), sign_of(result.colors), options.percentile);
  return result;
}

bool shows_null_profile(const Explanation& explanation, const OutputOptions& options) {
  return explanation.traits.has_null_profile && !options.null_profile.empty();
}

std::string repeated_frames_sentence(const Explanation& e) {
  const RepeatedFrames repeated = repeated_frames(e.plans);
  if (repeated.clips == 0) return "";
  const int64_t frames = std::ssize(e.plans.front().frame_indices);
  const std::string why =
      repeats_the_end(e)
          ? fmt::format(": the video ({} frames) ends before the clip does", e.video->frame_count)
          : "";
  if (e.plans.size() == 1)
    return fmt::format("{} of the clip's {} frames repeat another{}.", repeated.copies, frames, why);
  return fmt::format("{} of {} clips repeat frames, up to {} of a clip's {}{}.", repeated.clips,
                     e.plans.size(), repeated.copies, frames, why);
}

nlohmann::json scale_record(const Appearance& appearance) {
  return {{"colors", name(appearance.colors)},
          {"percentile", appearance.scale.percentile},
          {"limit", appearance.scale.limit}};
}

nlohmann::json repeated_record(const Explanation& e) {
  const RepeatedFrames repeated = repeated_frames(e.plans);
  if (repeated.clips == 0) return nullptr;
  return {{"clips", repeated.clips},
          {"copies", repeated.copies},
          {"of", std::ssize(e.plans.front().frame_indices)},
          {"sentence", repeated_frames_sentence(e)}};
}

}  // namespace relevid
