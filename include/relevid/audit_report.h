// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What a report holds.
struct ReportOptions {
  /// How the report is written.
  enum class Format {
    kText,  ///< a page to read
    kJson,  ///< one object: the run's settings, every statistic, and the videos that were left out
    kCsv,   ///< one of the tables, after RFC 4180 but with '\n' at the ends of lines
  } format = Format::kText;
  /// Which table is written as CSV.
  enum class Table {
    kProfiles,   ///< share of every frame, by condition and group (all, right, wrong, each class)
    kSweep,      ///< accuracy and border of every interval and control
    kClips,      ///< every clip with its prediction and frame shares
    kVideos,     ///< every video under every condition; one that was left out is one row with its error
    kPositions,  ///< what positions take of the score at every step in time, by condition; kInvalidArgument
                 ///< of a run that has none
  } table = Table::kProfiles;     ///< of kCsv
  double smallest_excess = 0.05;  ///< of the verdict and the controls, in (0, 1]; 0.05: 1.05 times the null
  double smallest_gain = 0.05;    ///< of the recommendation, in accuracy, in (0, 1]
  int64_t replicates = 2000;      ///< of the bootstrap, 100 to 100000
  uint64_t seed = 0;              ///< of the bootstrap
};

/// The table of this name: "profiles", "sweep", "clips", "videos", "positions". Throws
/// Error(kInvalidArgument) with the nearest one.
ReportOptions::Table report_table(std::string_view name);

/// Takes a report piece by piece. What it throws ends the report.
using ReportSink = std::function<void(std::string_view)>;

/// Reads an audit's run, finished or not, and hands its statistics (docs/dev/audit-statistics.md) to `sink`.
/// Memory does not grow with the videos but for 16 bytes each. Equal runs and options give equal bytes. All
/// is UTF-8; names from the run are shown as they are, but for control characters in kText, which are blanks.
/// Throws Error: kIo, kCorruptInput where it is not a run, kInvalidArgument for options out of range, another
/// version of the run's tables, and clips of one frame, which have no border; kResourceLimit for more than
/// 2^18 videos.
void write_audit_report(const std::filesystem::path& run, const ReportOptions& options,
                        const ReportSink& sink);
/// The same as one string.
std::string audit_report(const std::filesystem::path& run, const ReportOptions& options = {});

/// What an audit says: accuracy against chance, then its two statements, which are "No verdict: ..." and
/// "No advice: ..." where the model is not distinguishable from chance or most videos have no relevance.
struct AuditFindings {
  std::string accuracy, verdict, recommendation;
  std::string method;  ///< which one the verdict rests on, and whether a second agrees; may be empty
};
/// Of `options`, format and table play no part. Errors as write_audit_report's.
AuditFindings audit_findings(const std::filesystem::path& run, const ReportOptions& options = {});

}  // namespace relevid
