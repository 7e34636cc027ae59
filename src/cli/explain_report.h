// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "relevid/explanation_files.h"

namespace relevid::cli {

/// Ten lines on stdout: prediction, target, where in time the relevance lies, conservation, times, files.
void print_explanation(const Explanation& explanation, const OutputOptions& options);
/// What each method will take of a clip, before any is explained.
enum class PrintAs { kTable, kJson };
void print_costs(const ClipExplainer& explainer, PrintAs form);
/// A line a layer: what came in, went out and stayed; of several clips the first, and it says so.
void print_layers(const Explanation& explanation);

}  // namespace relevid::cli
