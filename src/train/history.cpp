// SPDX-License-Identifier: Apache-2.0
#include "train/history.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "relevid/error.h"

namespace relevid::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFellBack = "fell back to chance";
constexpr const char* kNeverLeft = "never left chance";

Json json_of(const EpochResult& result) {
  Json json = {{"epoch", result.epoch},
               {"attempt", result.attempt},
               {"loss", result.loss},
               {"clips", result.clips},
               {"clips_right", result.clips_right},
               {"learning_rate", result.learning_rate},
               {"gradient_norm", result.gradient_norm},
               {"clips_per_second", result.clips_per_second}};
  if (const auto& v = result.validation) {
    json["validation"] = {{"clips", v->clips},
                          {"clips_right", v->clips_right},
                          {"videos", v->videos},
                          {"videos_right", v->videos_right}};
  }
  if (const auto& restart = result.restart) {
    const bool fell_back = restart->reason == Restart::Reason::kFellBack;
    json["restart"] = {{"reason", fell_back ? kFellBack : kNeverLeft},
                       {"to_epoch", restart->to_epoch},
                       {"rate_factor", restart->rate_factor}};
  }
  return json;
}

EpochResult epoch_of(const Json& json) {
  EpochResult result;
  json.at("epoch").get_to(result.epoch);
  json.at("attempt").get_to(result.attempt);
  json.at("loss").get_to(result.loss);
  json.at("clips").get_to(result.clips);
  json.at("clips_right").get_to(result.clips_right);
  json.at("learning_rate").get_to(result.learning_rate);
  json.at("gradient_norm").get_to(result.gradient_norm);
  json.at("clips_per_second").get_to(result.clips_per_second);
  if (json.contains("validation")) {
    const Json& v = json["validation"];
    result.validation = Accuracy{v.at("clips"), v.at("clips_right"), v.at("videos"), v.at("videos_right")};
  }
  if (json.contains("restart")) {
    const Json& r = json["restart"];
    const bool fell_back = r.at("reason") == kFellBack;
    result.restart = Restart{fell_back ? Restart::Reason::kFellBack : Restart::Reason::kNeverLeft,
                             r.at("to_epoch"), r.at("rate_factor")};
  }
  return result;
}

}  // namespace

std::string to_json(const EpochResult& result) {
  return json_of(result).dump();
}

EpochResult epoch_from_json(const std::string& text) try {
  return epoch_of(Json::parse(text));
} catch (const Json::exception& error) {
  throw Error(ErrorKind::kCorruptInput, fmt::format("an epoch's record: {}", error.what()));
}

std::string log_of(std::span<const EpochResult> epochs, int64_t kept) {
  std::string lines;
  for (size_t i = 0; i < epochs.size(); ++i) {
    Json json = json_of(epochs[i]);
    if (static_cast<int64_t>(i) == kept) json["kept"] = true;
    lines += json.dump() + "\n";
  }
  return lines;
}

}  // namespace relevid::train
