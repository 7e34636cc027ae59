// SPDX-License-Identifier: Apache-2.0
#include "evaluate/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/suggest.h"
#include "relevid/error.h"

namespace relevid {
namespace {

size_t place_of(std::string_view word, const std::vector<std::string>& names, std::string_view what) {
  const auto found = std::ranges::find(names, word);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("no {} '{}'{}; there are {}", what, word, did_you_mean(std::string(word), names),
                          fmt::join(names, ", ")));
}

void write_csv(evaluate::Reader& reader, const EvaluationReportOptions& options, const evaluate::Sink& sink) {
  switch (options.table) {
    case EvaluationReportOptions::Table::kRanking:
      return evaluate::write_ranking_csv(evaluate::analyse(reader, options), sink);
    case EvaluationReportOptions::Table::kCurves:
      return evaluate::write_curves_csv(evaluate::analyse(reader, options), sink);
    case EvaluationReportOptions::Table::kMeasures:
      return evaluate::write_measures_csv(evaluate::analyse(reader, options), sink);
    case EvaluationReportOptions::Table::kVideos:
      return evaluate::write_videos_csv(reader, options.score, sink);
  }
}

}  // namespace

EvaluationReportOptions::Table evaluation_table(std::string_view name) {
  using Table = EvaluationReportOptions::Table;
  constexpr Table kTables[] = {Table::kRanking, Table::kCurves, Table::kMeasures, Table::kVideos};
  return kTables[place_of(name, {"ranking", "curves", "measures", "videos"}, "table")];
}

EvaluationReportOptions::Score evaluation_score(std::string_view name) {
  return place_of(name, {"probability", "logit"}, "score") == 0 ? EvaluationReportOptions::Score::kProbability
                                                                : EvaluationReportOptions::Score::kLogit;
}

void write_evaluation_report(const std::filesystem::path& run, const EvaluationReportOptions& options,
                             const std::function<void(std::string_view)>& sink) {
  evaluate::Reader reader(run);
  const std::string name = run.filename().string();
  switch (options.format) {
    case EvaluationReportOptions::Format::kText:
      return sink(evaluate::text_of(evaluate::analyse(reader, options), reader.manifest(), name, options));
    case EvaluationReportOptions::Format::kJson:
      return sink(evaluate::json_of(evaluate::analyse(reader, options), reader.manifest(), name, options));
    case EvaluationReportOptions::Format::kCsv:
      return write_csv(reader, options, sink);
  }
}

}  // namespace relevid
