// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "evaluate/report.h"
#include "statistics/chance_json.h"
#include "statistics/estimate_json.h"

namespace relevid::evaluate {
namespace {

using Json = nlohmann::ordered_json;

using statistics::json;

Json ranked(const Ranked& r) {
  return {{"method", r.method},
          {"baseline", r.baseline},
          {"abpc", json(r.abpc)},
          {"aopc", json(r.aopc)},
          {"insertion", json(r.insertion)},
          {"deletion", json(r.deletion)},
          {"above_random", json(r.above_random)},
          {"below_best", json(r.below_best)},
          {"most_first", r.most_first},
          {"least_first", r.least_first}};
}

Json flipping(const FlippingResult& f) {
  Json ranking = Json::array();
  for (const Ranked& r : f.ranking) ranking.push_back(ranked(r));
  return {{"regions", f.regions},
          {"fill", f.fill},
          {"videos", f.videos},
          {"whole", f.whole},
          {"flipped", f.flipped},
          {"method_pairs", f.pairs},
          {"told_apart", f.significant_pairs},
          {"warnings", f.warnings},
          {"ranking", std::move(ranking)}};
}

}  // namespace

std::string json_of(const Evaluation& evaluation, const run::Manifest& manifest, const std::string& run,
                    const EvaluationReportOptions& options) {
  const RunCounts& counts = evaluation.counts;
  Json settings = Json::parse(manifest.settings, nullptr, false);
  if (settings.is_discarded()) settings = manifest.settings;
  Json flippings = Json::array(), measures = Json::array(), failures = Json::array();
  for (const FlippingResult& f : evaluation.flippings) flippings.push_back(flipping(f));
  for (const MeasureResult& m : evaluation.measures) {
    measures.push_back(
        {{"measure", m.measure}, {"versus", m.versus}, {"method", m.method}, {"value", json(m.value)}});
  }
  for (const VideoFailure& f : evaluation.failures)
    failures.push_back({{"video", f.row}, {"name", f.name}, {"state", name(f.state)}, {"error", f.error}});
  const Json all = {
      {"run", run},
      {"relevid_version", manifest.relevid_version},
      {"model_sha256", manifest.model_sha256},
      {"settings", std::move(settings)},
      {"score", options.score == EvaluationReportOptions::Score::kLogit ? "logit" : "probability"},
      {"replicates", options.replicates},
      {"seed", options.seed},
      {"methods", evaluation.methods},
      {"videos",
       {{"expected", counts.expected},
        {"done", counts.done},
        {"ok", counts.ok},
        {"too_short", counts.too_short},
        {"unreadable", counts.unreadable},
        {"empty", counts.empty},
        {"failed", counts.failed}}},
      {"clips", evaluation.clips},
      {"chance", statistics::chance_json(evaluation.chance, manifest.class_names)},
      {"warnings", evaluation.warnings},
      {"flippings", std::move(flippings)},
      {"measures", std::move(measures)},
      {"failures", std::move(failures)}};
  return all.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace relevid::evaluate
