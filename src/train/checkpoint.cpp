// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "relevid/error.h"
#include "relevid/npz.h"

namespace relevid::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr const char* kRecord = "record";  // JSON as bytes

Json json_of(const EpochResult& result) {
  Json json = {{"epoch", result.epoch},
               {"loss", result.loss},
               {"clips", result.clips},
               {"clips_right", result.clips_right},
               {"learning_rate", result.learning_rate},
               {"clips_per_second", result.clips_per_second}};
  if (result.validation) {
    json["validation"] = {{"clips", result.validation->clips},
                          {"clips_right", result.validation->clips_right},
                          {"videos", result.validation->videos},
                          {"videos_right", result.validation->videos_right}};
  }
  return json;
}

EpochResult epoch_of(const Json& json) {
  EpochResult result;
  json.at("epoch").get_to(result.epoch);
  json.at("loss").get_to(result.loss);
  json.at("clips").get_to(result.clips);
  json.at("clips_right").get_to(result.clips_right);
  json.at("learning_rate").get_to(result.learning_rate);
  json.at("clips_per_second").get_to(result.clips_per_second);
  if (json.contains("validation")) {
    const Json& v = json["validation"];
    result.validation = Accuracy{v.at("clips"), v.at("clips_right"), v.at("videos"), v.at("videos_right")};
  }
  return result;
}

Json record_of(const Position& position, int64_t updates, const Settings& settings) {
  Json record = {{"relevid_checkpoint", kFormat},
                 {"epoch", position.epoch},
                 {"step", position.step},
                 {"updates", updates},
                 {"loss_sum", position.loss_sum},
                 {"clips", position.clips},
                 {"clips_right", position.clips_right},
                 {"history", Json::array()}};
  for (const EpochResult& result : position.history) record["history"].push_back(json_of(result));
  for (const auto& [key, value] : settings) record["settings"][key] = value;
  return record;
}

Tensor as_bytes(const std::string& text) {
  return Tensor::from(Shape{static_cast<int64_t>(text.size())},
                      std::vector<uint8_t>(text.begin(), text.end()));
}

/// Every array of a checkpoint by its name in the file; the same list serves writing and reading.
std::map<std::string, Tensor*> arrays_of(const TrainableModel& model, Optimiser& optimiser) {
  std::map<std::string, Tensor*> arrays;
  for (size_t i = 0; i < model.parameters().size(); ++i) {
    arrays[fmt::format("parameter_{:04}", i)] = model.parameters()[i].value.get();
    auto& moments = optimiser.moments()[i];
    for (size_t m = 0; m < moments.size(); ++m) arrays[fmt::format("moment_{:04}_{}", i, m)] = &moments[m];
  }
  for (size_t i = 0; i < model.statistics().size(); ++i)
    arrays[fmt::format("statistic_{:04}", i)] = model.statistics()[i].value.get();
  return arrays;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorKind::kCorruptInput,
              fmt::format("{}: {}; without --resume a new run replaces it", path.string(), what));
}

void require_same(const std::filesystem::path& path, const Json& record, const Settings& settings) {
  for (const auto& [key, here] : settings) {
    const std::string there = record.at("settings").value(key, "(absent)");
    if (there == here) continue;
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format("{} is of a run with {} {}, not {}; resume with the same settings, or start anew without "
                    "--resume",
                    path.string(), key, there, here));
  }
}

Position position_of(const Json& record) {
  Position position;
  record.at("epoch").get_to(position.epoch);
  record.at("step").get_to(position.step);
  record.at("loss_sum").get_to(position.loss_sum);
  record.at("clips").get_to(position.clips);
  record.at("clips_right").get_to(position.clips_right);
  for (const Json& epoch : record.at("history")) position.history.push_back(epoch_of(epoch));
  return position;
}

void copy_arrays(const std::filesystem::path& path, const std::map<std::string, Tensor>& file,
                 const std::map<std::string, Tensor*>& into) {
  for (const auto& [name, target] : into) {
    const auto found = file.find(name);
    if (found == file.end() || found->second.dtype() != target->dtype() ||
        found->second.shape() != target->shape())
      refuse(path, fmt::format("array '{}' is missing or of another shape", name));
  }
  for (const auto& [name, target] : into) {
    const auto from = file.at(name).bytes();
    std::memcpy(target->bytes().data(), from.data(), from.size());
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const TrainableModel& model, Optimiser& optimiser,
                     const Position& position, const Settings& settings) {
  const Tensor record = as_bytes(record_of(position, optimiser.updates(), settings).dump());
  std::map<std::string, const Tensor*> arrays = {{kRecord, &record}};
  for (const auto& [name, tensor] : arrays_of(model, optimiser)) arrays[name] = tensor;
  write_npz(path, arrays, NpzStorage::kStored);
}

Position load_checkpoint(const std::filesystem::path& path, TrainableModel& model, Optimiser& optimiser,
                         const Settings& settings) {
  const auto file = read_npz(path);
  const auto found = file.find(kRecord);
  if (found == file.end() || found->second.dtype() != DType::kU8) refuse(path, "not a checkpoint");
  const auto text = found->second.values<uint8_t>();
  const Json record = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!record.is_object() || record.value("relevid_checkpoint", 0) != kFormat)
    refuse(path, "not a checkpoint of this version");
  try {
    require_same(path, record, settings);
    Position position = position_of(record);
    copy_arrays(path, file, arrays_of(model, optimiser));
    optimiser.set_updates(record.at("updates"));
    return position;
  } catch (const Json::exception& error) {
    refuse(path, error.what());
  }
}

std::string to_json(const EpochResult& result) {
  return json_of(result).dump();
}

}  // namespace relevid::train
