// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "clips/settings_names.h"
#include "relevid/preprocessing.h"

namespace relevid {
namespace {

using OrderedJson = nlohmann::ordered_json;

void write_sampling(const SamplingOptions& sampling, OrderedJson& json) {
  json["sampler"] = name(sampling.sampler);
  json["clip_len"] = sampling.clip_len;
  json["frame_interval"] = sampling.frame_interval;
  json["target_fps"] = sampling.target_fps ? OrderedJson(*sampling.target_fps) : OrderedJson(nullptr);
  const bool replaces_interval = sampling.target_fps && sampling.sampler != Sampler::kSlowfast &&
                                 sampling.sampler != Sampler::kSlowfastOffset &&
                                 sampling.sampler != Sampler::kPytorchvideo;
  if (replaces_interval) json["frame_interval"] = fmt::format(kIntervalPhrase, *sampling.target_fps);
  json["num_clips"] = sampling.num_clips;
  if (sampling.stride) json["stride"] = *sampling.stride;
  if (!sampling.starts.empty()) json["starts"] = sampling.starts;
  json["past_the_end"] = name(sampling.past_end);
}

void write_spatial(const Preprocessing& p, OrderedJson& json) {
  if (p.spatial == Spatial::kNone) {
    json["resize"] = "none";
  } else {
    json["size"] = p.spatial == Spatial::kStretch ? OrderedJson{p.stretch.height, p.stretch.width}
                                                  : OrderedJson(p.short_side);
    json["resize"] =
        fmt::format("{}, {}", name_in(kSpatialNames, p.spatial), name_in(kFilterNames, p.filter));
    if (p.spatial == Spatial::kShortSide) json["long_side"] = name_in(kRoundingNames, p.long_side);
    json["antialias"] = p.smoothing == Smoothing::kOn;
    json["resized_values"] = name_in(kResizedValuesNames, p.resized_values);
  }
  json["crop"] = p.crop ? OrderedJson{p.crop->height, p.crop->width} : OrderedJson(nullptr);
  if (p.crop) json["crop_offset"] = name_in(kRoundingNames, p.crop_offset);
}

}  // namespace

std::string to_json(const ModelSettings& settings) {
  const Preprocessing& p = settings.preprocessing;
  OrderedJson json;
  json["layout"] = name_in(kLayoutNames, p.layout);
  write_sampling(settings.sampling, json);
  write_spatial(p, json);
  json["colour"] = name_in(kColourNames, p.colour);
  json["value_range"] = p.value_range;
  json["scale"] = p.scale;
  json["mean"] =
      p.needs_mean_volume ? OrderedJson(p.mean_volume_path.filename().string()) : OrderedJson(p.mean);
  json["std"] = p.std;
  if (p.clip_mean != ClipMean::kKeep) json["clip_mean"] = name_in(kClipMeanNames, p.clip_mean);
  if (!settings.class_names.empty()) json["class_names"] = settings.class_names;
  return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace relevid
