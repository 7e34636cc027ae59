// SPDX-License-Identifier: Apache-2.0
#include "api/explanation_settings.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/layout.h"

namespace relevid {
namespace {

using nlohmann::json;

json target_record(const TargetChoice& target) {
  return target.index ? json(*target.index) : json("top1");
}

json object_of(const std::string& text) {
  return text.empty() ? json::object() : json::parse(text);
}

/// The smallest (or largest) bound of each channel: one number where they do not differ.
json bound_record(const Tensor& bound, ClipLayout layout, bool (*is_further)(float, float)) {
  const Tensor values = to_ncthw(bound, layout);
  const auto channels = static_cast<size_t>(values.shape()[1]);
  const size_t each = values.values<float>().size() / channels;
  std::vector<float> furthest;
  for (size_t c = 0; c < channels; ++c)
    furthest.push_back(std::ranges::max(values.values<float>().subspan(c * each, each), is_further));
  const bool same = std::ranges::all_of(furthest, [&](float value) { return value == furthest[0]; });
  return same ? json(furthest[0]) : json(furthest);
}

json range_record(const std::optional<InputRange>& range, ClipLayout layout) {
  if (!range) return nullptr;
  return {bound_record(range->low, layout, [](float a, float b) { return a > b; }),
          bound_record(range->high, layout, [](float a, float b) { return a < b; })};
}

}  // namespace

json input_settings(const ClipExplainer& explainer, const InputOptions& options,
                    std::span<const TargetChoice> targets) {
  json asked = json::array();
  for (const TargetChoice& target : targets) asked.push_back(target_record(target));
  json record = {{"methods", explainer.methods()},
                 {"targets", asked},
                 {"input_range", range_record(explainer.input_range(), options.layout)},
                 {"input_key", options.input_key},
                 {"image_sequence_fps", options.video.image_sequence_fps},
                 {"class_check", options.class_check == InputOptions::ClassCheck::kFirstClip}};
  if (options.settings) {
    ModelSettings settings = *options.settings;
    settings.class_names.clear();  // long, and in the labels file
    record["settings_from"] = options.settings_source;
    record["model_settings"] = json::parse(to_json(settings));
  }
  return record;
}

json output_settings(const OutputOptions& options) {
  return {{"color_map", options.color_map},
          {"percentile", options.percentile},
          {"page_limit_mib", options.page_limit_bytes >> 20},
          {"null_profile", !options.null_profile.empty()}};
}

json all_settings(json method, json of_input, const OutputOptions& options) {
  json all = std::move(of_input);
  all.update(output_settings(options));
  all["method"] = std::move(method);
  return all;
}

json method_settings(const Explanation& explanation) {
  return object_of(explanation.method_settings);
}

json input_settings(const Explanation& explanation) {
  return object_of(explanation.input_settings);
}

}  // namespace relevid
