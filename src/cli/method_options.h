// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "relevid/explain.h"

namespace relevid::cli {

/// What can be said of a method on the command line.
struct MethodArguments {
  MethodOptions options;
  std::string start = "default", gate = "signal", baseline = "zero", rules, precision = "f32";
  int64_t memory_limit_mib = 4096;
  std::string score = "logit", fill = "default", window = "0", stride = "0", cells = "0";

  /// An evaluation has --seed and --batch of its own, and its --cells are what it flips: those of masks are
  /// --mask-cells there.
  enum class Within { kExplanation, kEvaluation };
  void add_to(CLI::App& app, Within within = Within::kExplanation);
  /// Words to options, when all is parsed. Error(kInvalidArgument) with what would do.
  void read_words();
};

/// "4x32x32" as frames, rows and columns; what is left out is 0.
std::array<int64_t, 3> parse_extent(const std::string& text, const char* option);
/// The method's part of the record of settings.
nlohmann::json method_record(const MethodOptions& method, Start start);

}  // namespace relevid::cli
