// SPDX-License-Identifier: Apache-2.0
#include "api/explanation_page.h"

#include <algorithm>

#include "api/appearance.h"
#include "api/explanation_settings.h"
#include "api/records.h"

namespace relevid {
namespace {

using nlohmann::json;

/// The part of negative relevance in a frame's share, as the contract has it: not negative.
std::vector<float> negative_shares(const Explanation& e, size_t clip) {
  std::vector<float> shares = row_of(e.negative_share, clip);
  for (float& share : shares) share = share == 0 ? 0 : -share;
  return shares;
}

json shown_clips(const Explanation& e, const PagePictures& pictures, const OutputOptions& options) {
  json clips = json::array();
  for (size_t n = 0; n < e.plans.size(); ++n) {
    json clip = clip_record(e, n, options.class_names);
    clip["frames"] = pictures.places(n);
    clip["negative_share"] = negative_shares(e, n);
    clip["layers"] = pictures.keeps(n) ? layer_records(e.layers[n]) : json::array();
    clips.push_back(std::move(clip));
  }
  return clips;
}

json shown(const Explanation& e, size_t place, const PagePictures& pictures, const OutputOptions& options) {
  const double probability = e.class_probabilities[static_cast<size_t>(e.target)];
  return {{"method", e.method},
          {"colors", name(colors_for(relevance_sign(e), options.color_map))},
          {"scale", pictures.scale(place, options.percentile)},
          {"has_null_profile", shows_null_profile(e, options)},
          {"share_of", share_of_name(e)},
          {"target", class_record(e.target, probability, options.class_names)},
          {"against", e.contrast ? json(class_label(*e.contrast, options.class_names)) : json()},
          {"class_comparison", comparison_record(e, options.class_names)},
          {"position", position_record(e)},
          {"warnings", warnings_of(e, options.class_names)},
          {"clips", shown_clips(e, pictures, options)},
          {"maps", pictures.maps(place)},
          {"settings", method_settings(e)},
          {"passes", cost_record(e.cost)},
          {"resolution", resolution_record(e.resolution)},
          {"seconds", {{"forward", e.forward_seconds}, {"explain", e.explain_seconds}}}};
}

}  // namespace

json page_head(const Explanation& e, const PagePictures& pictures, std::span<const double> null_profile) {
  return {{"relevid_page", 1},
          {"kind", "explanation"},
          {"relevid", RELEVID_VERSION},
          {"title", e.input.filename().string()},
          {"input", e.input.string()},
          {"video", video_record(e)},
          {"frames", pictures.frames()},
          {"null_profile", null_profile.empty() ? json() : json(null_profile)},
          {"border_frames", border_frames(e.clips->shape()[2])},
          {"repeated_frames", repeated_record(e)}};
}

json page_record(std::span<const Explanation> explanations, const Model& model, const OutputOptions& options,
                 PagePictures::Fit fit) {
  const PagePictures pictures(explanations, options.page_limit_bytes, fit);
  const Explanation& first = explanations.front();
  const bool with_null =
      std::ranges::any_of(explanations, [&](const Explanation& e) { return shows_null_profile(e, options); });
  json page = page_head(first, pictures, with_null ? options.null_profile : std::vector<double>{});
  page["model"] = model_record(model);
  page["prediction"] = prediction_record(first, options.class_names);
  page["settings"] = input_settings(first);
  page["settings"].update(output_settings(options));
  page["explanations"] = json::array();
  for (size_t i = 0; i < explanations.size(); ++i)
    page["explanations"].push_back(shown(explanations[i], i, pictures, options));
  return page;
}

std::string page_json(std::span<const Explanation> explanations, const Model& model,
                      const OutputOptions& options) {
  return dumped(page_record(explanations, model, options, PagePictures::Fit::kLeaveOutClips), -1);
}

}  // namespace relevid
