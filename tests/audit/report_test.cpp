// SPDX-License-Identifier: Apache-2.0
#include "audit/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "audit/made_up.h"
#include "audit/observations.h"
#include "audit/small_run.h"
#include "data/csv.h"

namespace relevid::audit {

using run::Database;
using run::Manifest;
using run::RunReader;
using run::RunStore;
using statistics::Estimate;

namespace {

namespace made_up = relevid::audit::testing;
using relevid::testing::FormulaScorer;
using relevid::testing::grey;
using relevid::testing::kClipLength;
using relevid::testing::message_of;
using relevid::testing::ScratchFolder;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr size_t kConditions = 9;  // three intervals, six controls

/// With another method of the settings, number of control clips, or moment of interruption.
struct Variation {
  std::string settings = R"({"method": {"name": "deep_taylor"}, "base_interval": 1, "fps": null})";
  int64_t control_clips = 1;
  int64_t stop_at_call = -1;
  Shard shard = {};
};

void run(const std::filesystem::path& path, const DataSet& data, const Variation& variation = {}) {
  RunnerOptions options = relevid::testing::small_options();
  options.feed.plan.control_clips = variation.control_clips;
  Manifest manifest = relevid::testing::small_manifest(data, options.feed, variation.shard);
  manifest.settings = variation.settings;
  std::atomic<bool> stop = false;
  FormulaScorer network, random;
  network.before_each([&](int64_t call) {
    if (call == variation.stop_at_call) stop = true;
  });
  RunStore store(path, manifest);
  store.put_null_profile(std::vector<double>{0.2, 0.3, 0.3, 0.2});
  audit_videos(store, data, options, {network, &random}, {{}, &stop});
}

/// Six videos that are used, the last too short for interval 4, then one too short for all and one missing.
DataSet mixed_dataset(const ScratchFolder& folder) {
  DataSet data = relevid::testing::make_dataset(folder, {14, 14, 16, 14, 15, 8, 3, 14});
  data.rows[3].label = kUnlabelled;
  data.rows[6].name = "short, \"and\nodd\"";
  data.rows[7].path = folder / "absent.mp4";
  return data;
}

std::vector<run::VideoRecord> observe(const std::filesystem::path& path) {
  RunReader reader(path);
  std::vector<run::VideoRecord> videos;
  videos_of(reader)([&](const run::VideoRecord& video) { videos.push_back(video); });
  return videos;
}

/// Shares of the formula for a clip of these frames.
std::vector<double> shares_of(int64_t video, const std::vector<int64_t>& frames) {
  std::vector<double> shares;
  double sum = 0;
  for (const int64_t frame : frames) sum += grey(video, frame) + 1.0;
  for (const int64_t frame : frames) shares.push_back((grey(video, frame) + 1.0) / sum);
  return shares;
}

/// With every run of blanks and line ends as one blank.
std::string flat(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || (!result.empty() && result.back() != ' ')) result += blank ? ' ' : c;
  }
  return result;
}

ReportOptions with(ReportOptions::Format format) {
  ReportOptions options;
  options.format = format;
  return options;
}

std::vector<data::CsvRow> table_of(const std::filesystem::path& path, ReportOptions::Table table) {
  ReportOptions options = with(ReportOptions::Format::kCsv);
  options.table = table;
  return data::parse_csv("table.csv", audit_report(path, options));
}

/// The field of a row in the column of this name.
std::string field(const std::vector<data::CsvRow>& table, size_t row, const std::string& column) {
  const auto& header = table.at(0).fields;
  const auto found = std::ranges::find(header, column);
  if (found == header.end()) return "no column " + column;
  return table.at(row).fields.at(static_cast<size_t>(found - header.begin()));
}

TEST(Observations, AreTheVideosThatWereAudited) {
  const ScratchFolder folder;
  run(folder / "run.db", mixed_dataset(folder));
  const auto videos = observe(folder / "run.db");
  ASSERT_EQ(videos.size(), 6);
  EXPECT_EQ(videos[1].video.label, 1);
  EXPECT_EQ(videos[3].video.label, -1);
  for (const run::VideoRecord& video : videos) {
    EXPECT_EQ(video.video.sha256.size(), 64);
    ASSERT_EQ(video.by_condition.size(), kConditions);
    EXPECT_FALSE(video.by_condition[3]);  // the null profile is of no video
    EXPECT_EQ(video.video.fps, 25);
  }
  EXPECT_TRUE(videos[4].by_condition[2]);
  EXPECT_FALSE(videos[5].by_condition[2]);
  const run::Observation& base = *videos[1].by_condition[0];  // classes 1 and 2, label 1
  EXPECT_EQ(base.predicted, 1);
  EXPECT_EQ(base.clips, 2);
  EXPECT_EQ(base.clips_right1, 1);
  EXPECT_TRUE(base.right1);
  EXPECT_FALSE(videos[3].by_condition[0]->right1);
}

TEST(Observations, AControlComesWithTheClipItWasMadeFrom) {
  const ScratchFolder folder;
  run(folder / "run.db", relevid::testing::make_dataset(folder, {14}));
  const auto video = observe(folder / "run.db").at(0);
  const std::vector<double> first = shares_of(0, {0, 1, 2, 3}), second = shares_of(0, {10, 11, 12, 13});
  for (size_t t = 0; t < kClipLength; ++t)
    EXPECT_DOUBLE_EQ(video.by_condition[0]->shares[t], (first[t] + second[t]) / 2);
  for (const size_t control : {4, 5, 6, 7, 8}) EXPECT_EQ(video.by_condition[control]->real_shares, first);
  EXPECT_THAT(video.by_condition[5]->shares, Each(0.25));  // frozen
  for (const size_t interval : {0, 1, 2}) EXPECT_THAT(video.by_condition[interval]->real_shares, IsEmpty());
}

TEST(Observations, AShiftThatPassesTheEndLeavesItsClipOutOfTheComparison) {
  const ScratchFolder folder;
  run(folder / "run.db", relevid::testing::make_dataset(folder, {14}), {.control_clips = 2});
  const auto video = observe(folder / "run.db").at(0);
  EXPECT_EQ(video.by_condition[5]->real_shares, video.by_condition[0]->shares);
  EXPECT_EQ(video.by_condition[8]->clips, 1);  // shifted: the clip of frames 10 to 13 has no place to go
  EXPECT_EQ(video.by_condition[8]->real_shares, shares_of(0, {0, 1, 2, 3}));
}

TEST(Observations, TheRateIsTheOneThatVideosWereResampledTo) {
  const ScratchFolder folder;
  run(folder / "run.db", relevid::testing::make_dataset(folder, {14}), {.settings = R"({"fps": 12.5})"});
  EXPECT_EQ(observe(folder / "run.db").at(0).video.fps, 12.5);
}

TEST(Observations, TheBaseIntervalIsFoundOrRefused) {
  Manifest manifest;
  manifest.conditions = {{std::nullopt, 4, 0}, {std::nullopt, 2, 0}, {std::nullopt, 3, 0}};
  EXPECT_EQ(settings_of(manifest).base_interval, 2);
  manifest.conditions.push_back({AuditControl::kFrozen, 3, 0});
  EXPECT_EQ(settings_of(manifest).base_interval, 3);
  manifest.settings = R"({"base_interval": 4})";
  EXPECT_EQ(settings_of(manifest).base_interval, 4);
  manifest.settings = R"({"base_interval": 5})";
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { settings_of(manifest); }),
              HasSubstr("interval is 5"));
}

TEST(ReportText, SaysWhatWasRunAndFound) {
  const ScratchFolder folder;
  run(folder / "run.db", mixed_dataset(folder));
  const std::string page = audit_report(folder / "run.db"), words = flat(page);
  const AuditFindings findings = audit_findings(folder / "run.db");
  EXPECT_THAT(findings.verdict, HasSubstr("6 videos"));
  EXPECT_THAT(words, HasSubstr("verdict " + findings.verdict));
  EXPECT_THAT(words, HasSubstr("advice " + findings.recommendation));
  EXPECT_THAT(words, HasSubstr("explained by deep_taylor"));
  EXPECT_THAT(words, HasSubstr("6 videos used, 5 labelled; left out: 1 too short, 1 unreadable"));
  EXPECT_THAT(words, HasSubstr("on the 4 labelled videos that fit all"));
  EXPECT_THAT(words, HasSubstr("With one frame repeated"));
  EXPECT_THAT(words, HasSubstr("0: a"));
  EXPECT_THAT(words, HasSubstr("~ from fewer than 10 videos"));
  EXPECT_THAT(page, Not(HasSubstr("UNFINISHED")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr(" \n")));
}

TEST(ReportText, UnfinishedRunsAndPartsSaySoFirst) {
  const ScratchFolder folder;
  const DataSet data = relevid::testing::make_dataset(folder, {14, 14, 14, 14});
  run(folder / "run.db", data, {.stop_at_call = 12});
  EXPECT_THAT(audit_report(folder / "run.db"), ::testing::StartsWith("UNFINISHED   2 of 4 videos"));
  run(folder / "part.db", data, {.shard = {1, 2}});
  EXPECT_THAT(audit_report(folder / "part.db"), ::testing::StartsWith("PART         This is shard 1/2"));
}

TEST(ReportText, WithoutLabelsThereIsNoAccuracyButAVerdict) {
  const ScratchFolder folder;
  DataSet data = relevid::testing::make_dataset(folder, {14, 14, 14});
  for (DataRow& row : data.rows) row.label = kUnlabelled;
  run(folder / "run.db", data);
  const std::string words = flat(audit_report(folder / "run.db"));
  EXPECT_THAT(words, HasSubstr("Accuracy: n/a, no video that was used has a label"));
  EXPECT_THAT(words, HasSubstr("3 videos used, 0 labelled"));
  EXPECT_THAT(words, HasSubstr("Keep interval 1 for now: no labelled video"));
  EXPECT_THAT(words, HasSubstr("times the relevance that the architecture alone"));
  const Json json = Json::parse(audit_report(folder / "run.db", with(ReportOptions::Format::kJson)));
  EXPECT_TRUE(json["statistics"]["conditions"][0]["accuracy"].is_null());
  const auto videos = table_of(folder / "run.db", ReportOptions::Table::kVideos);
  EXPECT_EQ(field(videos, 1, "label"), "");
  EXPECT_EQ(field(videos, 1, "right1"), "");
}

TEST(ReportText, ARunOfWhichNothingCouldBeUsedStillHasAPage) {
  const ScratchFolder folder;
  DataSet data = relevid::testing::make_dataset(folder, {2});
  run(folder / "run.db", data);
  const std::string words = flat(audit_report(folder / "run.db"));
  EXPECT_THAT(words, HasSubstr("0 videos used, 0 labelled; left out: 1 too short"));
  EXPECT_THAT(words, HasSubstr("Can't tell: no video at interval 1."));
  EXPECT_THAT(words, Not(HasSubstr("nan")));
}

/// 60 videos of 12 classes, with clips of 32 frames that have a strong border.
Report strong_report() {
  Report report;
  report.run = "run.db";
  report.manifest.clip_len = 32;
  report.manifest.class_count = 12;
  report.manifest.conditions = made_up::intervals({1, 2});
  report.options.null_profile = made_up::uniform_profile(32);
  const auto videos =
      made_up::draw({made_up::with_border(made_up::uniform_profile(32), 1.5), 0.1, {0.6, 0.6}, 12}, 60, 7);
  report.statistics = analyse(made_up::source_of(videos), report.manifest.conditions, report.options);
  return report;
}

TEST(ReportText, OfAModelAtChanceHasNeitherVerdictNorAdvice) {
  Report report = strong_report();
  report.manifest.class_names = {"a", "b", "c"};
  auto videos = made_up::draw({made_up::uniform_profile(32), 0.1, {0, 0}, 3}, 60, 7);
  for (auto& video : videos) {
    for (auto& one : video.by_condition) {
      one->predicted = 1;
      one->right1 = one->right5 = video.video.label == 1;
      one->clips_right1 = one->clips_right5 = one->right1 ? 1 : 0;
    }
  }
  report.statistics = analyse(made_up::source_of(videos), report.manifest.conditions, report.options);
  const std::string words = flat(text_of(report));
  EXPECT_THAT(words,
              StartsWith("accuracy Not distinguishable from chance: 20 of 60 labelled videos right, 33.3 %"));
  EXPECT_THAT(words, HasSubstr("The model gives one class to every video."));
  EXPECT_THAT(words, HasSubstr("Never predicted, of 3 classes that label a video: 0: a, 2: c."));
  EXPECT_THAT(words, HasSubstr("verdict No verdict: the model is not distinguishable from chance"));
  EXPECT_THAT(words, HasSubstr("advice No advice: the model is not distinguishable from chance"));
  EXPECT_THAT(words, Not(HasSubstr("would be needed")));
}

TEST(ReportText, LongClipsAreALineAndManyClassesAreCut) {
  const std::string page = text_of(strong_report()), words = flat(page);
  EXPECT_THAT(words, StartsWith("accuracy Above chance: "));
  EXPECT_THAT(words, HasSubstr("verdict Border effect present: at interval 1, the first 4 and the last 4"));
  EXPECT_THAT(page, HasSubstr("  shares     ████▄▄"));
  EXPECT_THAT(page, HasSubstr("  null       ▅▅▅▅▅▅▅▅"));
  EXPECT_THAT(words, HasSubstr("k=1 ratio excess k=2 ratio excess k=4 ratio excess"));
  EXPECT_THAT(words, HasSubstr("10 of 12 classes, those with most videos"));
  EXPECT_THAT(words, Not(HasSubstr("Controls")));
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(std::ranges::count_if(line, [](char c) { return (c & '\xc0') != '\x80'; }), 100) << line;
}

Json shares_json(const ProfileEstimate& profile) {
  Json all = Json::array();
  for (const Estimate& share : profile.shares) all.push_back({share.value, share.low, share.high});
  return all;
}

Json shares_json(const Json& profile) {
  Json all = Json::array();
  for (const Json& share : profile["shares"]) all.push_back({share["value"], share["low"], share["high"]});
  return all;
}

TEST(ReportJson, HoldsTheStatistics) {
  const ScratchFolder folder;
  run(folder / "run.db", mixed_dataset(folder));
  RunReader reader(folder / "run.db");
  const Report report = make_report(reader, "run.db", {});
  const Statistics& statistics = report.statistics;
  const Json json = Json::parse(audit_report(folder / "run.db", with(ReportOptions::Format::kJson)));
  EXPECT_EQ(json["counts"]["ok"], 6);
  EXPECT_EQ(json["counts"]["clips"], report.clips);
  EXPECT_EQ(json["run"]["class_names"][5], "f");
  EXPECT_EQ(json["run"]["settings"]["method"]["name"], "deep_taylor");
  EXPECT_EQ(json["options"]["null_profile"], (Json{0.2, 0.3, 0.3, 0.2}));
  const Json& found = json["statistics"];
  EXPECT_EQ(found["labelled"], 5);
  EXPECT_EQ(found["chance"]["labelled"], 5);
  EXPECT_EQ(found["chance"]["sentence"], statistics.chance.sentence);
  EXPECT_TRUE(found["verdict"]["withheld"].is_null());
  EXPECT_EQ(found["verdict"]["effect"], "cant_tell");
  EXPECT_EQ(found["verdict"]["excess"]["low"], statistics.verdict.excess->low);
  EXPECT_EQ(found["verdict"]["excess"]["reliable"], false);
  EXPECT_EQ(found["recommendation"]["sentence"], statistics.recommendation.sentence);
  EXPECT_EQ(found["sweep"]["compared"], (Json{1, 2, 4}));
  EXPECT_EQ(found["sweep"]["common"][1]["gain"]["video1"]["high"],
            statistics.sweep.common[1].gain.video1.high);
  EXPECT_EQ(found["controls"]["border"].size(), statistics.controls.border.size());
  EXPECT_EQ(found["controls"]["follow"][0]["from_content"]["value"],
            statistics.controls.follow[0].from_content.value);
  ASSERT_EQ(found["conditions"].size(), kConditions);
  for (size_t i = 0; i < kConditions; ++i) {
    const ConditionStatistics& condition = statistics.conditions[i];
    EXPECT_EQ(found["conditions"][i]["condition"]["kind"], name(condition.condition));
    EXPECT_EQ(shares_json(found["conditions"][i]["all"]).dump(), shares_json(condition.all).dump());
    EXPECT_EQ(found["conditions"][i]["classes"].size(), condition.classes.size());
  }
  EXPECT_EQ(found["conditions"][0]["classes"][1]["name"], "b");
  EXPECT_TRUE(found["conditions"][3]["all"]["shares"][0]["value"].is_null());
  ASSERT_EQ(json["failures"].size(), 2);
  EXPECT_EQ(json["failures"][0]["name"], "short, \"and\nodd\"");
  EXPECT_EQ(json["failures"][1]["state"], "unreadable");
}

TEST(ReportCsv, HasALineForEveryFrameIntervalClipAndVideo) {
  const ScratchFolder folder;
  run(folder / "run.db", mixed_dataset(folder));
  RunReader reader(folder / "run.db");
  const Report report = make_report(reader, "run.db", {});
  const auto clips = table_of(folder / "run.db", ReportOptions::Table::kClips);
  EXPECT_EQ(std::ssize(clips), 1 + report.clips);
  EXPECT_EQ(report.clips, 5 * 11 + 9);  // the shorter video has no clips at interval 4
  const auto videos = table_of(folder / "run.db", ReportOptions::Table::kVideos);
  EXPECT_THAT(videos, SizeIs(1 + 5 * 8 + 7 + 2));
  const auto sweep = table_of(folder / "run.db", ReportOptions::Table::kSweep);
  EXPECT_THAT(sweep, SizeIs(1 + kConditions));
  const auto profiles = table_of(folder / "run.db", ReportOptions::Table::kProfiles);
  size_t groups = 0;
  for (const ConditionStatistics& condition : report.statistics.conditions) {
    groups += condition.all.videos > 0;
    groups += condition.right.videos > 0;
    groups += condition.wrong.videos > 0;
    for (const ClassStatistics& one : condition.classes) groups += one.profile.videos > 0;
  }
  EXPECT_EQ(profiles.size(), 1 + groups * kClipLength);
  for (const auto& table : {clips, videos, sweep, profiles}) {
    for (const data::CsvRow& row : table) EXPECT_EQ(row.fields.size(), table[0].fields.size());
  }
}

TEST(ReportCsv, HoldsTheNumbers) {
  const ScratchFolder folder;
  run(folder / "run.db", mixed_dataset(folder));
  RunReader reader(folder / "run.db");
  const Statistics statistics = make_report(reader, "run.db", {}).statistics;
  const auto clips = table_of(folder / "run.db", ReportOptions::Table::kClips);
  EXPECT_EQ(field(clips, 3, "name"), "video0");
  EXPECT_EQ(field(clips, 3, "class"), "a");
  EXPECT_EQ(field(clips, 3, "frame_interval"), "2");
  EXPECT_EQ(field(clips, 3, "frame_indices"), "0 2 4 6");
  EXPECT_EQ(field(clips, 3, "end_seconds"), "0.24");
  EXPECT_EQ(std::stod(field(clips, 3, "share_3")), shares_of(0, {0, 2, 4, 6})[3]);
  const auto videos = table_of(folder / "run.db", ReportOptions::Table::kVideos);
  EXPECT_EQ(field(videos, videos.size() - 2, "name"), "short, \"and\nodd\"");
  EXPECT_EQ(field(videos, videos.size() - 2, "state"), "too_short");
  EXPECT_EQ(field(videos, videos.size() - 2, "share_3"), "");
  const auto sweep = table_of(folder / "run.db", ReportOptions::Table::kSweep);
  EXPECT_EQ(std::stod(field(sweep, 2, "common_top1_high")), statistics.sweep.common_accuracy[1].video1.high);
  EXPECT_EQ(std::stod(field(sweep, 3, "pair_p_holm")), statistics.sweep.with_base[1].p_holm);
  EXPECT_EQ(std::stod(field(sweep, 1, "border1_excess_low")),
            statistics.conditions[0].all.borders[0].excess->low);
  EXPECT_EQ(field(sweep, 1, "pair_p_holm"), "");
  EXPECT_EQ(std::stod(field(sweep, 9, "negative_share")), statistics.conditions[8].all.negative_share.value);
  const auto profiles = table_of(folder / "run.db", ReportOptions::Table::kProfiles);
  EXPECT_EQ(std::stod(field(profiles, 4, "share_low")), statistics.conditions[0].all.shares[3].low);
  EXPECT_EQ(field(profiles, 4, "null_share"), "0.2");
}

TEST(ReportErrors, NameWhatIsWrong) {
  const ScratchFolder folder;
  relevid::testing::write_bytes(folder / "text.db", std::string(1000, 'x'));
  message_of(ErrorKind::kCorruptInput, [&] { audit_report(folder / "text.db"); });
  message_of(ErrorKind::kIo, [&] { audit_report(folder / "absent.db"); });
  run(folder / "run.db", relevid::testing::make_dataset(folder, {14}));
  ReportOptions options;
  options.replicates = 5;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { audit_report(folder / "run.db", options); }),
              HasSubstr("5 bootstrap replicates"));
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [] { report_table("clip"); }),
              HasSubstr("did you mean 'clips'?"));
  Database(folder / "run.db", {}).execute("UPDATE clip SET frame_indices = '[0, 1' WHERE number = 1");
  options = with(ReportOptions::Format::kCsv);
  options.table = ReportOptions::Table::kClips;
  EXPECT_THAT(message_of(ErrorKind::kCorruptInput, [&] { audit_report(folder / "run.db", options); }),
              HasSubstr("'[0, 1'"));
}

}  // namespace
}  // namespace relevid::audit
