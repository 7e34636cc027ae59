// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "audit/report_values.h"
#include "audit/summary.h"

namespace relevid::audit {

using statistics::TrainingsEstimate;

namespace {

OrderedJson estimate_json(const TrainingsEstimate& e) {
  if (e.trainings == 0) return {};
  return {{"value", e.value},         {"low", e.low},
          {"high", e.high},           {"standard_error", e.standard_error},
          {"deviation", e.deviation}, {"trainings", e.trainings},
          {"videos", e.videos},       {"reliable", e.reliable()}};
}

/// NaN is null by itself.
OrderedJson numbers_json(const std::vector<double>& values) {
  return list(values, [](double value) { return OrderedJson(value); });
}

OrderedJson training_json(const Training& training) {
  const Report& report = training.report;
  const Statistics& s = report.statistics;
  const Recommendation& r = s.recommendation;
  return {{"label", training.label},
          {"model_sha256", report.manifest.model_sha256},
          {"dataset_sha256", report.manifest.dataset_sha256},
          {"videos", s.videos},
          {"withheld", withheld(training.withheld())},
          {"accuracy",
           {{"sentence", s.chance.sentence},
            {"value", s.chance.accuracy()},
            {"low", s.chance.interval.low},
            {"high", s.chance.interval.high},
            {"constant_share", s.chance.constant_share()}}},
          {"effect", word(s.verdict.effect)},
          {"excess", json(s.verdict.excess)},
          {"advice", word(r.advice)},
          {"chosen", r.chosen},
          {"advised", r.advised},
          {"gain", json(r.gain)},
          {"p", r.mcnemar ? OrderedJson(r.mcnemar->p) : OrderedJson()},
          {"gain_is_significant", gain_is_significant(r)}};
}

OrderedJson interval_json(const IntervalSummary& one) {
  return {{"interval", one.interval},
          {"excess", estimate_json(one.excess)},
          {"change", estimate_json(one.change)},
          {"accuracy", estimate_json(one.accuracy)},
          {"gain", estimate_json(one.gain)},
          {"excess_of", numbers_json(one.excess_of)},
          {"accuracy_of", numbers_json(one.accuracy_of)}};
}

OrderedJson counts_json(const Summary& s) {
  const SummaryCounts& c = s.counts;
  const auto all = static_cast<int64_t>(s.trainings.size());
  return {{"trainings", all},
          {"used", c.used},
          {"at_chance", c.at_chance},
          {"without_relevance", c.without_relevance},
          {"verdicts",
           {{"present", c.present},
            {"absent", c.absent},
            {"cant_tell", c.cant_tell},
            {"none", all - c.present - c.absent - c.cant_tell}}},
          {"advice", {{"change", c.change}, {"keep", c.keep}, {"none", all - c.change - c.keep}}},
          {"significant_gains", c.significant_gains}};
}

std::string_view word(Sharing sharing) {
  if (sharing == Sharing::kSame) return "same";
  return sharing == Sharing::kOwn ? "own" : "some";
}

OrderedJson sentences_json(const SummarySentences& s) {
  return {{"left_out", s.left_out}, {"effect", s.effect}, {"fading", s.fading},
          {"gain", s.gain},         {"advice", s.advice}, {"videos", s.videos}};
}

}  // namespace

std::string json_of(const Summary& s) {
  OrderedJson settings = OrderedJson::parse(s.manifest().settings, nullptr, false);
  if (settings.is_discarded()) settings = s.manifest().settings;
  const auto& verdict = s.trainings.front().report.statistics.verdict;
  const SharedChoice& c = s.choice;
  const OrderedJson all = {{"relevid_summary", 1},
                           {"effect", audit::word(s.effect)},
                           {"sentences", sentences_json(s.sentences)},
                           {"counts", counts_json(s)},
                           {"videos", {{"different", s.videos}, {"shared", word(s.sharing)}}},
                           {"base_interval", s.options().base_interval},
                           {"frames", s.manifest().clip_len},
                           {"k", verdict.k},
                           {"intervals", list(s.intervals, interval_json)},
                           {"choice",
                            {{"base", c.base},
                             {"chosen", c.chosen},
                             {"choice_videos", c.choice_videos},
                             {"report_videos", c.report_videos},
                             {"gain", c.gain ? estimate_json(*c.gain) : OrderedJson()}}},
                           {"trainings", list(s.trainings, training_json)},
                           {"options",
                            {{"smallest_excess", s.options().smallest_excess},
                             {"smallest_gain", s.options().smallest_gain},
                             {"replicates", s.options().replicates},
                             {"seed", s.options().seed}}},
                           {"settings", std::move(settings)}};
  return dumped(all) + "\n";
}

}  // namespace relevid::audit
