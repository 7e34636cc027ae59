// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/page_file.h"
#include "api/records.h"
#include "relevid/evaluate_report.h"

namespace relevid {

void write_evaluation_page(const std::filesystem::path& run, const EvaluationReportOptions& options,
                           const std::function<void(std::string_view)>& sink) {
  EvaluationReportOptions json = options;
  json.format = EvaluationReportOptions::Format::kJson;
  embed_page(sink, [&](const ReportSink& data) {
    data(fmt::format(
        "{{\"relevid_page\":1,\"kind\":\"evaluation\",\"relevid\":\"{}\",\"title\":{},\"report\":",
        RELEVID_VERSION, dumped(run.filename().string(), -1)));
    write_evaluation_report(run, json, data);
    data("}");
  });
}

}  // namespace relevid
