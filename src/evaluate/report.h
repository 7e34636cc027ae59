// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "evaluate/statistics.h"

namespace relevid::evaluate {

/// Takes a report piece by piece.
using Sink = std::function<void(std::string_view)>;

std::string text_of(const Evaluation& evaluation, const run::Manifest& manifest, const std::string& run,
                    const EvaluationReportOptions& options);
std::string json_of(const Evaluation& evaluation, const run::Manifest& manifest, const std::string& run,
                    const EvaluationReportOptions& options);
void write_ranking_csv(const Evaluation& evaluation, const Sink& sink);
void write_curves_csv(const Evaluation& evaluation, const Sink& sink);
void write_measures_csv(const Evaluation& evaluation, const Sink& sink);
/// Streams the run's videos.
void write_videos_csv(Reader& reader, EvaluationReportOptions::Score score, const Sink& sink);

}  // namespace relevid::evaluate
