// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "relevid/error.h"
#include "relevid/npz.h"
#include "train/history.h"

namespace relevid::train {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 2;
constexpr const char* kRecord = "record";  // JSON as bytes
constexpr int64_t kNoBest = -1;

Json record_of(const RunState& state, const Settings& settings) {
  const Position& position = state.position;
  Json record = {{"relevid_checkpoint", kFormat},
                 {"epoch", position.epoch},
                 {"step", position.step},
                 {"attempt", position.attempt},
                 {"updates", state.optimiser.updates()},
                 {"best", state.best ? state.best->place : kNoBest},
                 {"loss_sum", position.loss_sum},
                 {"norm_sum", position.norm_sum},
                 {"clips", position.clips},
                 {"clips_right", position.clips_right},
                 {"history", Json::array()}};
  for (const EpochResult& result : position.history)
    record["history"].push_back(Json::parse(to_json(result)));
  for (const auto& [key, value] : settings) record["settings"][key] = value;
  return record;
}

Tensor as_bytes(const std::string& text) {
  return Tensor::from(Shape{static_cast<int64_t>(text.size())},
                      std::vector<uint8_t>(text.begin(), text.end()));
}

/// The tensors that make up a model's state, in the order of a BestState.
std::vector<Tensor*> tensors_of(const TrainableModel& model) {
  std::vector<Tensor*> tensors;
  for (const Parameter& parameter : model.parameters()) tensors.push_back(parameter.value.get());
  for (const Statistic& statistic : model.statistics()) tensors.push_back(statistic.value.get());
  return tensors;
}

/// Every array of a checkpoint by its name in the file; the same list serves writing and reading.
std::map<std::string, Tensor*> arrays_of(const RunState& state) {
  std::map<std::string, Tensor*> arrays;
  const auto tensors = tensors_of(state.model);
  for (size_t i = 0; i < tensors.size(); ++i) {
    arrays[fmt::format("state_{:04}", i)] = tensors[i];
    if (state.best) arrays[fmt::format("best_{:04}", i)] = &state.best->tensors[i];
  }
  auto& moments = state.optimiser.moments();
  for (size_t i = 0; i < moments.size(); ++i) {
    for (size_t m = 0; m < moments[i].size(); ++m)
      arrays[fmt::format("moment_{:04}_{}", i, m)] = &moments[i][m];
  }
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
        fmt::format(
            "{} is of a run with {} {}, not {}; resume with the same settings, or start again without "
            "--resume",
            path.string(), key, there, here));
  }
}

Position position_of(const Json& record) {
  Position position;
  record.at("epoch").get_to(position.epoch);
  record.at("step").get_to(position.step);
  record.at("attempt").get_to(position.attempt);
  record.at("loss_sum").get_to(position.loss_sum);
  record.at("norm_sum").get_to(position.norm_sum);
  record.at("clips").get_to(position.clips);
  record.at("clips_right").get_to(position.clips_right);
  for (const Json& epoch : record.at("history")) position.history.push_back(epoch_from_json(epoch.dump()));
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

/// The place of the best state that a record tells of. Throws Json::exception, Error(kCorruptInput).
std::optional<int64_t> best_of(const std::filesystem::path& path, const Json& record,
                               const Position& position) {
  const auto place = record.at("best").get<int64_t>();
  if (place == kNoBest) return std::nullopt;
  if (place < 0 || place >= std::ssize(position.history))
    refuse(path, fmt::format("its best epoch is number {} of {}", place, position.history.size()));
  return place;
}

}  // namespace

std::vector<Tensor> copied_state(const TrainableModel& model) {
  std::vector<Tensor> copies;
  for (const Tensor* tensor : tensors_of(model)) copies.push_back(tensor->clone());
  return copies;
}

void restore_state(TrainableModel& model, std::span<const Tensor> tensors) {
  const auto into = tensors_of(model);
  for (size_t i = 0; i < into.size(); ++i) {
    const auto from = tensors[i].bytes();
    std::memcpy(into[i]->bytes().data(), from.data(), from.size());
  }
  model.parameters_changed();
}

void save_checkpoint(const std::filesystem::path& path, const RunState& state, const Settings& settings) {
  const Tensor record = as_bytes(record_of(state, settings).dump());
  std::map<std::string, const Tensor*> arrays = {{kRecord, &record}};
  for (const auto& [name, tensor] : arrays_of(state)) arrays[name] = tensor;
  write_npz(path, arrays, NpzStorage::kStored);
}

void load_checkpoint(const std::filesystem::path& path, const RunState& state, const Settings& settings) {
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
    std::optional<BestState> best;
    if (const auto place = best_of(path, record, position))
      best = BestState{*place, copied_state(state.model)};
    const auto updates = record.at("updates").get<int64_t>();
    copy_arrays(path, file, arrays_of({state.model, state.optimiser, position, best}));
    state.optimiser.set_updates(updates);
    state.position = std::move(position);
    state.best = std::move(best);
  } catch (const Json::exception& error) {
    refuse(path, error.what());
  }
}

}  // namespace relevid::train
