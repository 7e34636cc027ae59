// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "base/atomic_file.h"
#include "cli/choice.h"
#include "cli/command.h"
#include "relevid/error.h"

namespace relevid::cli {
namespace {

/// How many frames the model's clips have, where the file fixes it.
std::optional<int64_t> fixed_frames(const Model& model, ClipLayout layout) {
  constexpr size_t kRank = 5;
  if (model.inputs().size() != 1 || model.inputs()[0].dims.size() != kRank) return std::nullopt;
  const int64_t frames = model.inputs()[0].dims[layout == ClipLayout::kNcthw ? 2 : 1];
  return frames > 0 ? std::optional(frames) : std::nullopt;
}

/// Those beside the model or in it. Of a folder that asks for what is not supported it is said why; clips
/// that are given as numbers need no more, and for videos --preprocess may name what comes near.
std::optional<FoundSettings> usable_settings(const Model& model) {
  try {
    return model.find_settings();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnsupportedModel) throw;
    print_warning(error.what());
    return std::nullopt;
  }
}

/// Those of a Hugging Face folder's config.json, where they are this model's: another one may lie beside it.
std::vector<std::string> fitting_class_names(const Model& model) {
  auto names = model.find_class_names();
  const auto& outputs = model.outputs();
  const int64_t classes = outputs.empty() || outputs[0].dims.empty() ? -1 : outputs[0].dims.back();
  if (names.empty() || classes < 0 || std::ssize(names) == classes) return names;
  print_warning(
      fmt::format("config.json beside the model names {} classes, and the model has {}: its names are not "
                  "used",
                  names.size(), classes));
  return {};
}

ModelSettings from_preset(const std::string& name, const Model& model) {
  ModelSettings settings;
  settings.preprocessing = preprocessing_preset(name);
  if (const auto frames = fixed_frames(model, settings.preprocessing.layout))
    settings.sampling.clip_len = *frames;
  return settings;
}

}  // namespace

void SettingsOptions::add_to(CLI::App& command) {
  const std::string group = "How a video becomes clips";
  reads(command.add_option("--settings", settings, "a JSON file in place of MODEL.json"))->group(group);
  command
      .add_option("--preprocess", preprocess,
                  fmt::format("a named preprocessing, where nothing else says: {}",
                              fmt::join(preprocessing_names(), ", ")))
      ->group(group);
  reads(command.add_option("--labels", labels, "class names, one a line"))->group(group);
  command.add_option("--clip-len", clip_len, "frames a clip has")->group(group);
  command.add_option("--frame-interval", frame_interval, "step between them")->group(group);
  command.add_option("--target-fps", target_fps, "frames per second that the model expects")->group(group);
  command.add_option("--num-clips", num_clips, "clips a video")->group(group);
  add_parsed(command, "--sampler", sampler, parse_sampler,
             fmt::format("whose rule places them: {}", fmt::join(sampler_names(), ", ")))
      ->group(group);
  command.add_option("--stride", stride, "sliding windows over the whole video, this many frames apart")
      ->group(group);
  add_parsed(command, "--past-end", past_end, parse_past_end,
             fmt::format("for videos shorter than a clip: {}", fmt::join(past_end_names(), ", ")))
      ->group(group);
}

SettingsOptions::Resolved SettingsOptions::resolve(const Model& model) const {
  Resolved result;
  if (!settings.empty()) {
    result.settings = read_settings(settings);
    result.source = settings;
  } else if (auto found = usable_settings(model)) {
    result.settings = std::move(found->settings);
    result.source = found->source;
    if (!preprocess.empty()) {
      print_warning(
          fmt::format("--preprocess {} is not used: {} says how frames are prepared (--settings replaces it)",
                      preprocess, found->source));
    }
  } else if (!preprocess.empty()) {
    result.settings = from_preset(preprocess, model);
    result.source = fmt::format("preset {}", preprocess);
  }
  if (result.settings) {
    for (const auto& warning : result.settings->warnings) print_warning(warning);
    if (!sampler && !frame_interval && !target_fps && !stride)
      for (const auto& warning : result.settings->sampling_warnings) print_warning(warning);
    SamplingOptions& sampling = result.settings->sampling;
    if (clip_len) sampling.clip_len = *clip_len;
    if (num_clips) sampling.num_clips = *num_clips;
    if (stride) sampling.stride = *stride;
    if (sampler) sampling.sampler = *sampler;
    if (past_end) sampling.past_end = *past_end;
    if (target_fps) sampling.target_fps = *target_fps;
    if (frame_interval) {
      sampling.frame_interval = *frame_interval;
      if (!target_fps) sampling.target_fps.reset();
    }
    result.class_names = result.settings->class_names;
  }
  if (!labels.empty()) result.class_names = read_labels(labels);
  if (result.class_names.empty()) result.class_names = fitting_class_names(model);
  return result;
}

ModelSettings SettingsOptions::require(const Model& model) const {
  Resolved resolved = resolve(model);
  if (!resolved.settings) {
    throw Error(
        ErrorKind::kInvalidArgument,
        fmt::format(
            "nothing says how frames become this model's input. Put MODEL.json or the processor's file of "
            "a Hugging Face folder beside the model, or give --preprocess with one of: {}",
            fmt::join(preprocessing_names(), ", ")));
  }
  ModelSettings result = std::move(*resolved.settings);
  result.class_names = std::move(resolved.class_names);
  return result;
}

std::vector<std::string> read_labels(const std::string& path) {
  std::istringstream lines(read_file(path));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    names.push_back(line);
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (names.empty()) throw Error(ErrorKind::kCorruptInput, fmt::format("{} holds no class names", path));
  return names;
}

}  // namespace relevid::cli
