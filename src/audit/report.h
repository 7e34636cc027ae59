// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "audit/manifest.h"
#include "audit/run_reader.h"
#include "audit/statistics.h"
#include "relevid/audit_report.h"
#include "relevid/run_file.h"

namespace relevid::audit {

/// All that a report says but for single videos and clips, which are streamed from the run.
struct Report {
  std::string run;  ///< the file's name
  Manifest manifest;
  RunCounts counts;
  int64_t clips = 0;
  StatisticsOptions options;
  Statistics statistics;
  std::string method, second_method;  ///< their names; empty where the run doesn't say
  std::string
      method_sentence;  ///< which method the verdict rests on, and whether a second agrees; may be empty
};

Report make_report(RunReader& reader, const std::string& run, const ReportOptions& options);

/// "3: walking", or "3" where the run has no name for it.
std::string class_label(const Manifest& manifest, int64_t label);

/// "Never predicted, of 4 classes that label a video: 0: up, 2: left."; the first ten by name. "" where all
/// are predicted.
std::string never_predicted(const Chance& chance, const Manifest& manifest);

/// A page of about 100 columns.
std::string text_of(const Report& report);
void write_json(const Report& report, RunReader& reader, const ReportSink& sink);
void write_profiles_csv(const Report& report, const ReportSink& sink);
void write_sweep_csv(const Report& report, const ReportSink& sink);
void write_clips_csv(RunReader& reader, const ReportSink& sink);
void write_videos_csv(RunReader& reader, const ReportSink& sink);

}  // namespace relevid::audit
