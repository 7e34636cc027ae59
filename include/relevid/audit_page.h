// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "relevid/audit_report.h"
#include "relevid/export.h"
#include "relevid/progress.h"

namespace RELEVID_EXPORT relevid {

/// What an audit page holds.
struct AuditPageOptions {
  ReportOptions report;  ///< format and table play no part
  /// The runs' models, as files, in any order. With a run's model the clips of its extreme videos are
  /// explained again by the run's own method, and the page shows their maps; without it their frames alone.
  std::vector<std::filesystem::path> models;
  std::filesystem::path rules_file;  ///< of a run whose method had rules of its own; empty: none
  /// Of one run's pictures, in the page. Where they would take more, they are made smaller by a whole factor.
  int64_t picture_limit_bytes = int64_t{12} << 20;
  int threads = 0;  ///< 0: all cores
};

/// One page for one run or several, which it shows side by side (docs/dev/page-data.md): what the report
/// says, and of up to six videos each with the strongest and the weakest border the frames of a clip and,
/// with the model, its relevance. A video that is not at its path any more, or is another one, is named with
/// the reason. Hands the page over piece by piece; memory does not grow with the videos but for the report's
/// 16 bytes each. Errors: as write_audit_report's; kInvalidArgument where has_page() is false, and where a
/// model or the rules are those of no run (by SHA-256). Throws Interrupted.
void write_audit_page(std::span<const std::filesystem::path> runs, const AuditPageOptions& options,
                      const ReportSink& sink, const RunControl& control);
/// The object in that page alone; needs no has_page().
void write_audit_page_data(std::span<const std::filesystem::path> runs, const AuditPageOptions& options,
                           const ReportSink& sink, const RunControl& control);

/// The report of one run as a picture, PNG: verdict and recommendation, frame shares at every interval,
/// border ratio and accuracy over intervals, controls. Appears whole or not at all. Errors as
/// write_audit_report's, and kIo.
void draw_audit_figure(const std::filesystem::path& path, const std::filesystem::path& run,
                       const ReportOptions& options);

}  // namespace relevid
