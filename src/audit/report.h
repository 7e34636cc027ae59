// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "audit/statistics.h"
#include "relevid/audit_report.h"
#include "relevid/run_file.h"
#include "run/manifest.h"
#include "run/run_reader.h"

namespace relevid::audit {

/// All that a report says but for single videos and clips, which are streamed from the run.
struct Report {
  std::string run;  ///< the file's name
  run::Manifest manifest;
  RunCounts counts;
  int64_t clips = 0;
  StatisticsOptions options;
  Statistics statistics;
  std::string method, second_method;  ///< their names; empty where the run doesn't say
  std::string
      method_sentence;  ///< which method the verdict rests on, and whether a second agrees; may be empty
};

Report make_report(run::RunReader& reader, const std::string& run, const ReportOptions& options);

/// A page of about 100 columns.
std::string text_of(const Report& report);
void write_json(const Report& report, run::RunReader& reader, const ReportSink& sink);
void write_profiles_csv(const Report& report, const ReportSink& sink);
void write_sweep_csv(const Report& report, const ReportSink& sink);
/// Error(kInvalidArgument) where the run has no positions.
void write_positions_csv(const Report& report, const ReportSink& sink);
void write_clips_csv(run::RunReader& reader, const ReportSink& sink);
void write_videos_csv(run::RunReader& reader, const ReportSink& sink);

}  // namespace relevid::audit
