// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "relevid/model.h"
#include "relevid/preprocessing.h"
#include "relevid/sampling.h"

namespace relevid::cli {

/// The options that say how a video becomes clips, shared by the commands that read videos.
struct SettingsOptions {
  std::string settings, preprocess, labels;
  std::optional<Sampler> sampler;
  std::optional<PastEnd> past_end;
  std::optional<int64_t> clip_len, frame_interval, num_clips, stride;
  std::optional<double> target_fps;

  void add_to(CLI::App& command);

  struct Resolved {
    std::optional<ModelSettings> settings;
    std::string source;  ///< where the preprocessing was found
    std::vector<std::string> class_names;
  };
  /// Command line, then MODEL.json, then the model's metadata, then a Hugging Face folder's files, then
  /// --preprocess NAME; never guessed. Prints the warnings that the settings come with, and why such a folder
  /// cannot be used.
  Resolved resolve(const Model& model) const;
  /// For commands that read nothing but videos: the settings, with the class names. Error(kInvalidArgument)
  /// where nothing says how frames become the model's input.
  ModelSettings require(const Model& model) const;
};

/// One name a line, in the order of the classes.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace relevid::cli
