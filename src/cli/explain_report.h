// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/settings_options.h"
#include "relevid/explanation_files.h"

namespace relevid::cli {

/// Ten lines on stdout: prediction, target, where in time the relevance lies, conservation, times, files.
void print_explanation(const Explanation& explanation, const OutputOptions& options);
/// What each method will take of a clip, before any is explained.
enum class PrintAs { kTable, kJson };
void print_costs(const ClipExplainer& explainer, PrintAs form);
/// A line a layer: what came in, went out and stayed; of several clips the first, and it says so.
void print_layers(const Explanation& explanation);
/// What was asked for beside the method and the model's settings.
struct RunRecord {
  std::vector<std::string> methods, targets;
  std::string against, low, high, color_map;
  double percentile = 0;
  std::string input_key;
  double image_fps = 0;
  int64_t memory_limit_mib = 0, page_limit_mib = 0;
  bool null_profile = true, class_check = true;
};
/// Every setting of one of the methods as a JSON object, for the record.
std::string settings_record(const MethodOptions& method, Start start,
                            const SettingsOptions::Resolved& resolved, const RunRecord& run);

}  // namespace relevid::cli
