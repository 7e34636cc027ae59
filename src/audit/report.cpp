// SPDX-License-Identifier: Apache-2.0
#include "audit/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "audit/observations.h"
#include "base/suggest.h"
#include "relevid/error.h"
#include "statistics/report_numbers.h"

namespace relevid::audit {

using run::RunReader;

namespace {

const std::vector<std::string>& table_names() {
  static const std::vector<std::string> kNames = {"profiles", "sweep", "clips", "videos", "positions"};
  return kNames;
}

int64_t place_of(std::string_view word, const std::vector<std::string>& names, std::string_view what) {
  const auto found = std::ranges::find(names, word);
  if (found != names.end()) return found - names.begin();
  throw Error(ErrorKind::kInvalidArgument, fmt::format("no {} '{}'{}; there are {}", what, word,
                                                       did_you_mean(word, names), fmt::join(names, ", ")));
}

void write_csv(RunReader& reader, const std::string& run, const ReportOptions& options,
               const ReportSink& sink) {
  switch (options.table) {
    case ReportOptions::Table::kProfiles:
      return write_profiles_csv(make_report(reader, run, options), sink);
    case ReportOptions::Table::kSweep:
      return write_sweep_csv(make_report(reader, run, options), sink);
    case ReportOptions::Table::kClips:
      return write_clips_csv(reader, sink);
    case ReportOptions::Table::kVideos:
      return write_videos_csv(reader, sink);
    case ReportOptions::Table::kPositions:
      return write_positions_csv(make_report(reader, run, options), sink);
  }
}

}  // namespace

Report make_report(RunReader& reader, const std::string& run, const ReportOptions& options) {
  Report report;
  report.run = run;
  report.manifest = reader.manifest();
  report.counts = reader.counts();
  report.clips = reader.clip_count();
  report.options.base_interval = settings_of(report.manifest).base_interval;
  report.options.null_profile = reader.null_profile();
  report.options.smallest_excess = options.smallest_excess;
  report.options.smallest_gain = options.smallest_gain;
  report.options.replicates = options.replicates;
  report.options.seed = options.seed;
  report.statistics = analyse(videos_of(reader), report.manifest.conditions, report.options);
  const RunSettings settings = settings_of(report.manifest);
  report.method = settings.method;
  report.second_method = settings.second_method;
  if (const auto& second = report.statistics.second_method) {
    report.method_sentence = sentence_of(*second, report.method, report.second_method);
  } else if (!report.statistics.verdict.withheld && !report.method.empty()) {
    report.method_sentence =
        fmt::format("The verdict rests on {}; no second method says whether it agrees.", report.method);
  }
  return report;
}

}  // namespace relevid::audit

namespace relevid {

ReportOptions::Table report_table(std::string_view name) {
  return static_cast<ReportOptions::Table>(audit::place_of(name, audit::table_names(), "table"));
}

void write_audit_report(const std::filesystem::path& run, const ReportOptions& options,
                        const ReportSink& sink) {
  run::RunReader reader(run);
  const std::string name = run.filename().string();
  switch (options.format) {
    case ReportOptions::Format::kText:
      return sink(audit::text_of(audit::make_report(reader, name, options)));
    case ReportOptions::Format::kJson:
      return audit::write_json(audit::make_report(reader, name, options), reader, sink);
    case ReportOptions::Format::kCsv:
      return audit::write_csv(reader, name, options, sink);
  }
}

std::string audit_report(const std::filesystem::path& run, const ReportOptions& options) {
  std::string text;
  write_audit_report(run, options, [&](std::string_view piece) { text += piece; });
  return text;
}

AuditFindings audit_findings(const std::filesystem::path& run, const ReportOptions& options) {
  run::RunReader reader(run);
  const audit::Report report = audit::make_report(reader, run.filename().string(), options);
  return {report.statistics.chance.sentence, report.statistics.verdict.sentence,
          report.statistics.recommendation.sentence, report.method_sentence};
}

}  // namespace relevid
