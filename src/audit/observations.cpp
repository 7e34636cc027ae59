// SPDX-License-Identifier: Apache-2.0
#include "audit/observations.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "relevid/error.h"

namespace relevid::audit {

using run::Condition;
using run::Manifest;
using run::RunReader;
using run::VideoRecord;

namespace {

using Json = nlohmann::json;

int64_t likely_base_interval(const std::vector<Condition>& conditions) {
  int64_t smallest = 0;
  for (const Condition& condition : conditions) {
    if (condition.control) return condition.frame_interval;
    if (smallest == 0 || condition.frame_interval < smallest) smallest = condition.frame_interval;
  }
  return smallest;
}

/// Of a record with its settings, or of a name alone.
std::string method_name(const Json& method) {
  const Json name = method.is_object() ? method.value("name", Json()) : method;
  return name.is_string() ? name.get<std::string>() : "";
}

}  // namespace

RunSettings settings_of(const Manifest& manifest) {
  const Json settings = Json::parse(manifest.settings, nullptr, false);
  RunSettings result;
  result.base_interval = likely_base_interval(manifest.conditions);
  if (settings.is_object()) {
    const Json base = settings.value("base_interval", Json()), fps = settings.value("fps", Json());
    if (base.is_number_integer()) result.base_interval = base.get<int64_t>();
    if (fps.is_number()) result.fps = fps.get<double>();
    result.method = method_name(settings.value("method", Json()));
    result.second_method = method_name(settings.value("second_method", Json()));
  }
  const Condition wanted{std::nullopt, result.base_interval, 0};
  if (std::ranges::find(manifest.conditions, wanted) == manifest.conditions.end()) {
    throw Error(ErrorKind::kCorruptInput,
                fmt::format("the run's base interval is {}, which is none of its conditions; it is damaged",
                            result.base_interval));
  }
  return result;
}

VideoSource videos_of(RunReader& reader) {
  const std::optional<double> fps = settings_of(reader.manifest()).fps;
  return [&reader, fps](const std::function<void(const VideoRecord&)>& take) {
    reader.for_each_video([&](const VideoRecord& record) {
      if (record.video.state != VideoState::kOk) return;
      if (!fps) return take(record);
      VideoRecord resampled = record;
      resampled.video.fps = *fps;
      take(resampled);
    });
  };
}

}  // namespace relevid::audit
