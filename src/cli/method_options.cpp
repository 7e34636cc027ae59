// SPDX-License-Identifier: Apache-2.0
#include "cli/method_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "cli/command.h"
#include "relevid/device.h"

namespace relevid::cli {
namespace {

constexpr size_t kFewMethods = 4, kFewWords = 5;

/// "smoothgrad: noisy copies", "watched score: logit or probability".
std::string help_of(const MethodField& field) {
  std::string help(field.help);
  if (field.methods.size() <= kFewMethods) help = fmt::format("{}: {}", fmt::join(field.methods, ", "), help);
  if (field.words.size() > kFewWords) help += fmt::format(": {}", fmt::join(field.words, ", "));
  return help;
}

std::string type_of(const MethodField& field) {
  if (!field.words.empty() && field.words.size() <= kFewWords)
    return fmt::format("{{{}}}", fmt::join(field.words, ","));
  const MethodFieldValue value = field.get({});
  if (std::holds_alternative<int64_t>(value) || std::holds_alternative<uint64_t>(value)) return "INT";
  if (std::holds_alternative<double>(value)) return "FLOAT";
  if (std::holds_alternative<std::vector<double>>(value)) return "FLOAT,...";
  return std::holds_alternative<std::array<int64_t, 3>>(value) ? "INTxINTxINT" : "TEXT";
}

bool is_tuned_with(const MethodField& field) {
  return field.name == "gate" || field.name == "norm" || field.name == "device" || field.name == "precision";
}

}  // namespace

void MethodArguments::add_field(CLI::App& app, const MethodField& field) {
  CLI::Option* option = app.add_option_function<std::string>(
      std::string(field.option), [this, field](const std::string& text) { field.set_text(options, text); },
      help_of(field));
  option->type_name(type_of(field))->group("Method");
  if (const std::string text = field.text(options); !text.empty()) option->default_str(text);
  if (field.name == "rules_file") reads(option);
  fields_.emplace_back(field, option);
}

void MethodArguments::add_to(CLI::App& app, Within within) {
  for (MethodField field : method_fields()) {
    if (field.name == "contrast") continue;  // a class by its name, which takes the model's
    if (within == Within::kTuning && !is_tuned_with(field)) continue;
    if (within == Within::kEvaluation) {
      if (field.name == "seed" || field.name == "batch") continue;
      if (field.name == "cells") field.option = "--mask-cells";
    }
    if (field.name == "device") field.words = device_names();
    add_field(app, field);
  }
  app.add_option("--memory-limit", memory_limit_mib,
                 "MiB that clips with their relevance, and those of a batch with their activations, may take")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
}

MethodOptions MethodArguments::resolved(std::span<const std::string> methods) const {
  for (const auto& entry : fields_) {
    const MethodField& field = entry.first;
    const CLI::Option* option = entry.second;
    const bool used = std::ranges::any_of(methods, [&](const auto& name) { return field.is_taken_by(name); });
    if (option->count() == 0 || used) continue;
    print_warning(fmt::format("{} has no effect on {}; it is for {}", field.option, fmt::join(methods, ", "),
                              fmt::join(field.methods, ", ")));
  }
  MethodOptions result = options;
  if (const std::string note = precision_note(result.precision); !note.empty()) print_warning(note);
  result.precision = precision_here(result.precision);
  result.batch_limit_bytes = memory_limit_mib << 20;
  return result;
}

}  // namespace relevid::cli
