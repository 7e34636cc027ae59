// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "relevid/audit_report.h"
#include "relevid/export.h"

namespace RELEVID_EXPORT relevid {

/// What the audits of several trainings of one recipe say together: excess and its change with the frame
/// interval, accuracy, the gain at the interval that is best for all of them, each with an interval over
/// trainings and videos (docs/dev/audit-statistics.md), and how many trainings show the effect and get which
/// advice. Trainings at chance, or without relevance for most videos, are named first and are in no mean.
/// `options.format` kText or kJson; its table plays no part. Throws Error(kInvalidArgument) for fewer than
/// three runs, a run given twice, two runs of one network, an unfinished run or a shard, runs whose settings
/// differ in more than network, videos and seed (the first differences are named), and kCsv; otherwise as
/// write_audit_report.
void write_audit_summary(std::span<const std::filesystem::path> runs, const ReportOptions& options,
                         const ReportSink& sink);
/// The same as one string.
std::string audit_summary(std::span<const std::filesystem::path> runs, const ReportOptions& options = {});

/// The same as a page. Errors also kInvalidArgument where has_page() is false.
void write_audit_summary_page(std::span<const std::filesystem::path> runs, const ReportOptions& options,
                              const ReportSink& sink);

}  // namespace relevid
