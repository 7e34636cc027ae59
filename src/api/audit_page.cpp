// SPDX-License-Identifier: Apache-2.0
#include "relevid/audit_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "api/distinct_names.h"
#include "api/extreme_clips.h"
#include "api/page_file.h"
#include "api/records.h"
#include "audit/report.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using nlohmann::json;

constexpr int64_t kExtremes = 6;  // of either kind

/// Every model that was given, each of which has to be some run's.
std::vector<Model> read_models(std::span<const std::filesystem::path> runs, const AuditPageOptions& options) {
  std::vector<std::string> wanted;
  for (const auto& run : runs) wanted.push_back(run::RunReader(run).manifest().model_sha256);
  std::vector<Model> models;
  for (const auto& path : options.models) {
    models.emplace_back(path);
    if (std::ranges::find(wanted, models.back().sha256()) != wanted.end()) continue;
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{} is not the model of {}: its SHA-256 is {}, the run's model had {}",
                            path.string(), runs.front().string(), models.back().sha256(), wanted.front()));
  }
  return models;
}

/// One run: its report as it stands, then its extreme videos one by one.
class RunPage {
 public:
  RunPage(const std::filesystem::path& run, std::string label, std::span<const Model> models,
          const AuditPageOptions& options, const RunControl& control)
      : reader_(run),
        name_(run.filename().string()),
        label_(std::move(label)),
        options_(options),
        control_(control) {
    const auto found = std::ranges::find(models, reader_.manifest().model_sha256, &Model::sha256);
    if (found != models.end()) model_ = &*found;
  }

  void write(const ReportSink& sink) {
    sink(fmt::format(R"({{"label":{},"report":)", dumped(label_, -1)));
    audit::write_json(audit::make_report(reader_, name_, options_.report), reader_, sink);
    sink(",\"extremes\":");
    write_extremes(sink);
    sink("}");
  }

 private:
  void write_extremes(const ReportSink& sink) {
    const audit::Extremes extremes = audit::find_extremes(reader_, kExtremes);
    total_ = std::ssize(extremes.strongest) + std::ssize(extremes.weakest);
    ExtremeClips clips(reader_.manifest(), model_, options_,
                       reader_.null_profile().value_or(std::vector<double>{}),
                       options_.picture_limit_bytes / std::max<int64_t>(1, total_));
    sink("{\"strongest\":");
    write_list(extremes.strongest, clips, sink);
    sink(",\"weakest\":");
    write_list(extremes.weakest, clips, sink);
    sink("}");
  }

  void write_list(const std::vector<audit::Extreme>& list, ExtremeClips& clips, const ReportSink& sink) {
    sink("[");
    for (size_t i = 0; i < list.size(); ++i) {
      if (control_.interrupted()) throw Interrupted{};
      sink((i > 0 ? ",\n" : "\n") + dumped(clips.record(list[i]), -1));
      if (control_.report) control_.report({"showing videos", ++done_, total_});
    }
    sink("]");
  }

  run::RunReader reader_;
  std::string name_, label_;
  const AuditPageOptions& options_;
  const RunControl& control_;
  const Model* model_ = nullptr;
  int64_t done_ = 0, total_ = 0;
};

std::string title_of(std::span<const std::string> labels) {
  std::string title;
  for (const auto& label : labels) title += (title.empty() ? "" : ", ") + label;
  return title;
}

}  // namespace

void write_audit_page_data(std::span<const std::filesystem::path> runs, const AuditPageOptions& options,
                           const ReportSink& sink, const RunControl& control) {
  if (runs.empty()) throw Error(ErrorKind::kInvalidArgument, "a page needs a run at least");
  const std::vector<Model> models = read_models(runs, options);
  const std::vector<std::string> labels = distinct_names(runs);
  sink(fmt::format(R"({{"relevid_page":1,"kind":"audit","relevid":"{}","title":{},"runs":[)", RELEVID_VERSION,
                   dumped(title_of(labels), -1)));
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i > 0) sink(",\n");
    RunPage(runs[i], labels[i], models, options, control).write(sink);
  }
  sink("]}");
}

void write_audit_page(std::span<const std::filesystem::path> runs, const AuditPageOptions& options,
                      const ReportSink& sink, const RunControl& control) {
  embed_page(sink, [&](const ReportSink& data) { write_audit_page_data(runs, options, data, control); });
}

}  // namespace relevid
