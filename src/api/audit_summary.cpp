// SPDX-License-Identifier: Apache-2.0
#include "relevid/audit_summary.h"

#include <fmt/format.h>

#include "api/distinct_names.h"
#include "api/page_file.h"
#include "api/records.h"
#include "audit/summary.h"
#include "relevid/error.h"

namespace relevid {
namespace {

audit::Summary summary_of(std::span<const std::filesystem::path> runs, const ReportOptions& options) {
  const std::vector<std::string> names = distinct_names(runs);
  std::vector<audit::LabelledRun> labelled;
  for (size_t i = 0; i < runs.size(); ++i) labelled.push_back({runs[i], names[i]});
  return audit::summarise(labelled, options);
}

}  // namespace

void write_audit_summary(std::span<const std::filesystem::path> runs, const ReportOptions& options,
                         const ReportSink& sink) {
  switch (options.format) {
    case ReportOptions::Format::kText:
      return sink(audit::text_of(summary_of(runs, options)));
    case ReportOptions::Format::kJson:
      return sink(audit::json_of(summary_of(runs, options)));
    case ReportOptions::Format::kCsv:
      throw Error(ErrorKind::kInvalidArgument, "a summary of trainings is text, JSON or a page, not csv");
  }
}

std::string audit_summary(std::span<const std::filesystem::path> runs, const ReportOptions& options) {
  std::string text;
  write_audit_summary(runs, options, [&](std::string_view piece) { text += piece; });
  return text;
}

void write_audit_summary_page(std::span<const std::filesystem::path> runs, const ReportOptions& options,
                              const ReportSink& sink) {
  const audit::Summary summary = summary_of(runs, options);
  const std::string title = fmt::format("{} trainings of one recipe", runs.size());
  embed_page(sink, [&](const ReportSink& data) {
    data(fmt::format(
        "{{\"relevid_page\":1,\"kind\":\"summary\",\"relevid\":\"{}\",\"title\":{},\"summary\":{}}}",
        RELEVID_VERSION, dumped(title, -1), audit::json_of(summary)));
  });
}

}  // namespace relevid
