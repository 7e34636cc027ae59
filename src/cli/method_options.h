// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "relevid/method_fields.h"

namespace relevid::cli {

/// What can be told a method on the command line: an option for each of method_fields(), which writes into
/// `options` while the line is read.
struct MethodArguments {
  MethodOptions options;
  int64_t memory_limit_mib = 4096;

  /// An evaluation has --seed and --batch of its own, and its --cells are what it flips: those of masks are
  /// --mask-cells there. A tuning takes of a preset's options those that leave its rules to it.
  enum class Within { kExplanation, kEvaluation, kTuning };
  /// Keeps pointers to this and to `app`.
  void add_to(CLI::App& app, Within within = Within::kExplanation);
  /// When all is parsed: the options as this machine can do them. Warns of what it cannot, and of options
  /// that none of the methods listens to.
  MethodOptions resolved(std::span<const std::string> methods) const;

 private:
  void add_field(CLI::App& app, const MethodField& field);

  std::vector<std::pair<MethodField, const CLI::Option*>> fields_;
};

}  // namespace relevid::cli
