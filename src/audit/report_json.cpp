// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <string_view>

#include "audit/report.h"
#include "audit/report_position.h"
#include "audit/report_values.h"
#include "statistics/chance_json.h"

namespace relevid::audit {

using run::Condition;
using run::Manifest;
using run::RunReader;
using run::VideoRecord;
using run::VideoRow;
using statistics::chance_json;
using statistics::Estimate;
using statistics::McNemar;
using statistics::Range;

namespace {

OrderedJson json(const std::optional<Range>& range) {
  return range ? OrderedJson::array({range->lowest, range->highest}) : OrderedJson();
}

OrderedJson json(const Condition& condition) {
  return {{"kind", name(condition)},
          {"frame_interval", condition.frame_interval},
          {"shift_frames", condition.shift_frames}};
}

OrderedJson json(const AccuracyEstimate& a) {
  return {{"video1", json(a.video1)},
          {"video5", json(a.video5)},
          {"clip1", json(a.clip1)},
          {"clip5", json(a.clip5)}};
}

OrderedJson json(const McNemar& test) {
  return {{"gained", test.gained}, {"lost", test.lost}, {"p", test.p}};
}

OrderedJson json(const BorderEstimate& b) {
  return {{"k", b.k}, {"share", json(b.share)}, {"ratio", json(b.ratio)}, {"excess", json(b.excess)}};
}

OrderedJson json(const ProfileEstimate& p) {
  return {{"videos", p.videos},
          {"shares", list(p.shares, [](const Estimate& e) { return json(e); })},
          {"borders", list(p.borders, [](const BorderEstimate& b) { return json(b); })},
          {"centre", json(p.centre)},
          {"centre_relative", json(p.centre_relative)},
          {"asymmetry", json(p.asymmetry)},
          {"entropy", json(p.entropy)},
          {"negative_share", json(p.negative_share)}};
}

OrderedJson json(const ClassStatistics& one, const Manifest& manifest) {
  const bool named = one.label < std::ssize(manifest.class_names);
  return {{"label", one.label},
          {"name", named ? OrderedJson(manifest.class_names[static_cast<size_t>(one.label)]) : OrderedJson()},
          {"accuracy", json(one.accuracy)},
          {"profile", json(one.profile)}};
}

OrderedJson json(const ConditionStatistics& c, const Manifest& manifest) {
  OrderedJson all = {
      {"condition", json(c.condition)},
      {"videos", c.videos},
      {"without_relevance", c.without_relevance},
      {"rate", json(c.rate)},
      {"accuracy", c.accuracy ? json(*c.accuracy) : OrderedJson()},
      {"all", json(c.all)},
      {"right", json(c.right)},
      {"wrong", json(c.wrong)},
      {"classes", list(c.classes, [&](const ClassStatistics& one) { return json(one, manifest); })}};
  if (c.position) all["position"] = json(*c.position);
  return all;
}

OrderedJson json(const Comparison& c) {
  return {{"interval", c.interval},
          {"videos", c.videos},
          {"gain", json(c.gain)},
          {"mcnemar", json(c.mcnemar)},
          {"p_holm", c.p_holm}};
}

OrderedJson json(const Sweep& s) {
  const auto comparison = [](const Comparison& c) { return json(c); };
  return {{"base_interval", s.base_interval},
          {"with_base", list(s.with_base, comparison)},
          {"compared", s.compared},
          {"left_out", s.left_out},
          {"common_videos", s.common_videos},
          {"common_accuracy", list(s.common_accuracy, [](const AccuracyEstimate& a) { return json(a); })},
          {"common", list(s.common, comparison)}};
}

std::string_view word(BorderChange change) {
  if (change == BorderChange::kWeaker) return "weaker";
  if (change == BorderChange::kSame) return "same";
  return change == BorderChange::kStronger ? "stronger" : "cant_tell";
}

std::string_view word(Follows follows) {
  if (follows == Follows::kPosition) return "position";
  return follows == Follows::kContent ? "content" : "cant_tell";
}

OrderedJson json(const Verdict& v) {
  return {{"effect", word(v.effect)},
          {"sentence", v.sentence},
          {"interval", v.interval},
          {"frames", v.frames},
          {"k", v.k},
          {"smallest_excess", v.smallest_excess},
          {"ratio", json(v.ratio)},
          {"excess", json(v.excess)},
          {"videos_needed", optional(v.videos_needed)},
          {"observed", v.observed},
          {"without_relevance", v.without_relevance},
          {"withheld", withheld(v.withheld)}};
}

OrderedJson json(const BorderControl& c) {
  return {{"condition", json(c.condition)},
          {"k", c.k},
          {"relative", json(c.relative)},
          {"observed", c.observed},
          {"without_relevance", c.without_relevance},
          {"real_without_relevance", c.real_without_relevance},
          {"change", word(c.change)},
          {"sentence", c.sentence}};
}

OrderedJson json(const FollowControl& c) {
  return {{"condition", json(c.condition)},       {"from_position", json(c.from_position)},
          {"from_content", json(c.from_content)}, {"difference", json(c.difference)},
          {"follows", word(c.follows)},           {"sentence", c.sentence}};
}

OrderedJson json(const Controls& controls) {
  return {{"border", list(controls.border, [](const BorderControl& c) { return json(c); })},
          {"follow", list(controls.follow, [](const FollowControl& c) { return json(c); })}};
}

OrderedJson json(const Candidate& c) {
  return {{"interval", c.interval}, {"right", c.right}, {"within_noise", c.within_noise}};
}

OrderedJson json(const Recommendation& r) {
  return {{"advice", word(r.advice)},
          {"sentence", r.sentence},
          {"base", r.base},
          {"chosen", r.chosen},
          {"advised", r.advised},
          {"choice_videos", r.choice_videos},
          {"report_videos", r.report_videos},
          {"candidates", list(r.candidates, [](const Candidate& c) { return json(c); })},
          {"gain", json(r.gain)},
          {"mcnemar", r.mcnemar ? json(*r.mcnemar) : OrderedJson()},
          {"videos_needed", optional(r.videos_needed)},
          {"gain_sought", r.gain_sought},
          {"withheld", withheld(r.withheld)},
          {"base_rate", json(r.base_rate)},
          {"advised_rate", json(r.advised_rate)}};
}

OrderedJson second_method_of(const Report& report) {
  const auto& second = report.statistics.second_method;
  if (!second) return nullptr;
  using Agreement = SecondMethod::Agreement;
  return {{"method", report.second_method},
          {"agreement", second->agreement == Agreement::kSame    ? "same"
                        : second->agreement == Agreement::kOther ? "other"
                                                                 : "open"},
          {"verdict", json(second->verdict)}};
}

OrderedJson json(const Report& report) {
  const Statistics& s = report.statistics;
  const Manifest& manifest = report.manifest;
  return {
      {"frames", s.frames},
      {"videos", s.videos},
      {"labelled", s.labelled},
      {"copies", s.copies},
      {"chance", chance_json(s.chance, manifest.class_names)},
      {"verdict", json(s.verdict)},
      {"method_sentence", report.method_sentence},
      {"second_method", second_method_of(report)},
      {"recommendation", json(s.recommendation)},
      {"sweep", json(s.sweep)},
      {"controls", json(s.controls)},
      {"conditions", list(s.conditions, [&](const ConditionStatistics& c) { return json(c, manifest); })}};
}

OrderedJson json(const Manifest& m) {
  OrderedJson settings = OrderedJson::parse(m.settings, nullptr, false);
  if (settings.is_discarded()) settings = m.settings;
  return {{"relevid_version", m.relevid_version},
          {"model_sha256", m.model_sha256},
          {"dataset_sha256", m.dataset_sha256},
          {"dataset_rows", m.dataset_rows},
          {"class_count", m.class_count},
          {"class_names", m.class_names},
          {"clip_len", m.clip_len},
          {"settings", std::move(settings)},
          {"conditions", list(m.conditions, [](const Condition& c) { return json(c); })},
          {"shard", {{"index", m.shard.index}, {"count", m.shard.count}}}};
}

OrderedJson counts_of(const Report& report) {
  const RunCounts& c = report.counts;
  return {{"expected", c.expected},   {"done", c.done},
          {"complete", c.complete()}, {"ok", c.ok},
          {"too_short", c.too_short}, {"unreadable", c.unreadable},
          {"empty", c.empty},         {"failed", c.failed},
          {"clips", report.clips}};
}

OrderedJson json(const StatisticsOptions& o) {
  return {{"base_interval", o.base_interval},
          {"smallest_excess", o.smallest_excess},
          {"smallest_gain", o.smallest_gain},
          {"replicates", o.replicates},
          {"seed", o.seed},
          {"null_profile", optional(o.null_profile)}};
}

}  // namespace

void write_json(const Report& report, RunReader& reader, const ReportSink& sink) {
  const OrderedJson head = {{"relevid_report", 1},
                            {"run", json(report.manifest)},
                            {"counts", counts_of(report)},
                            {"options", json(report.options)},
                            {"statistics", json(report)}};
  std::string text = dumped(head);
  text.pop_back();  // the brace
  sink(text + ",\"failures\":[");
  bool first = true;
  reader.for_each_video([&](const VideoRecord& record) {
    const VideoRow& video = record.video;
    if (video.state == VideoState::kOk) return;
    const OrderedJson failure = {{"video", video.index},
                                 {"name", video.name},
                                 {"state", name(video.state)},
                                 {"error_kind", video.error_kind},
                                 {"error", video.error}};
    sink((first ? "\n" : ",\n") + dumped(failure));
    first = false;
  });
  sink("]}\n");
}

}  // namespace relevid::audit
