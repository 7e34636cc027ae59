// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What an evaluation's report holds.
struct EvaluationReportOptions {
  /// A page to read, one object, or one of the tables.
  enum class Format { kText, kJson, kCsv } format = Format::kText;
  /// Of kCsv. kRanking: a row a method and kind of flipping; kCurves: points of the mean curves; kMeasures:
  /// localisation and checks; kVideos: every video's values, and what is wrong with those left out.
  enum class Table { kRanking, kCurves, kMeasures, kVideos } table = Table::kRanking;
  /// Which number of the class is watched along a curve.
  enum class Score { kProbability, kLogit } score = Score::kProbability;  ///< of the class, along a curve
  int64_t replicates = 2000;  ///< of the bootstrap over videos, 100 to 100000
  uint64_t seed = 0;          ///< of the bootstrap
};
/// "ranking", "curves", "measures", "videos"; "probability", "logit". Throw Error(kInvalidArgument) with the
/// nearest name.
EvaluationReportOptions::Table evaluation_table(std::string_view name);
/// The score of this name. Throws Error(kInvalidArgument) with the nearest one.
EvaluationReportOptions::Score evaluation_score(std::string_view name);

/// Reads an evaluation's run, finished or not, and hands its report to `sink` piece by piece. Equal runs and
/// options give equal bytes. Errors as write_audit_report's.
void write_evaluation_report(const std::filesystem::path& run, const EvaluationReportOptions& options,
                             const std::function<void(std::string_view)>& sink);

/// The report as a page (docs/dev/page-data.md), handed to `sink` piece by piece; format and table play no
/// part. Errors as write_evaluation_report's; kInvalidArgument where has_page() is false.
void write_evaluation_page(const std::filesystem::path& run, const EvaluationReportOptions& options,
                           const std::function<void(std::string_view)>& sink);

}  // namespace relevid
