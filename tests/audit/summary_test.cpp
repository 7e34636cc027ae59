// SPDX-License-Identifier: Apache-2.0
#include "audit/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "audit/summary_runs.h"
#include "support/scratch.h"

namespace relevid::audit {

using run::Database;
using statistics::Estimate;

namespace {

using relevid::testing::message_of;
using relevid::testing::ScratchFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::MadeUpRun;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::write_run;
using Json = nlohmann::json;

/// Trainings 1, 2, ... of one recipe; `vary` makes each what it is.
class SummaryTest : public ::testing::Test {
 protected:
  using Vary = std::function<void(int, MadeUpRun&)>;

  std::vector<LabelledRun> write(int count, const Vary& vary = {}) {
    std::vector<LabelledRun> runs;
    for (int i = 1; i <= count; ++i) {
      MadeUpRun run;
      run.network = fmt::format("network {}", i);
      run.seed = static_cast<uint64_t>(i);
      if (vary) vary(i, run);
      const std::string name = fmt::format("{}-{}.db", ++written_, i);
      write_run(folder_ / name, run);
      runs.push_back({folder_ / name, fmt::format("training{}", i)});
    }
    return runs;
  }
  static Summary summary_of(const std::vector<LabelledRun>& runs) {
    ReportOptions options;
    options.replicates = 500;
    return summarise(runs, options);
  }
  Summary summary(int count, const Vary& vary = {}) { return summary_of(write(count, vary)); }
  static std::string refusal(const std::vector<LabelledRun>& runs) {
    return message_of(ErrorKind::kInvalidArgument, [&] { summary_of(runs); });
  }

  ScratchFolder folder_;
  int written_ = 0;
};

TEST_F(SummaryTest, AMeanIsOverTheTrainingsValues) {
  const Summary s = summary(4, [](int i, MadeUpRun& run) { run.excess[0] = 1.2 + 0.1 * i; });
  ASSERT_THAT(s.intervals, SizeIs(3));
  double mean = 0, right = 0;
  for (size_t i = 0; i < 4; ++i) {
    const Statistics& own = s.trainings[i].report.statistics;
    EXPECT_NEAR(s.base().excess_of[i], own.verdict.excess->value, 1e-8);
    EXPECT_NEAR(s.intervals[1].accuracy_of[i], own.sweep.common_accuracy[1].video1.value, 1e-8);
    mean += own.verdict.excess->value / 4;
    right += own.sweep.common_accuracy[1].video1.value / 4;
  }
  EXPECT_NEAR(s.base().excess.value, mean, 1e-8);
  EXPECT_NEAR(s.intervals[1].accuracy.value, right, 1e-8);
  EXPECT_NEAR(s.intervals[1].gain.value, right - s.base().accuracy.value, 1e-8);
  EXPECT_NEAR(s.intervals[2].change.value, s.intervals[2].excess.value - mean, 1e-8);
  EXPECT_EQ(s.base().excess.trainings, 4);
  EXPECT_EQ(s.base().excess.videos, 60);
  EXPECT_LT(s.base().excess.low, mean);
  EXPECT_GT(s.base().excess.high, mean);
}

TEST_F(SummaryTest, TheIntervalHoldsTrainingsAsWellAsVideos) {
  const Summary near = summary(4),
                apart = summary(4, [](int i, MadeUpRun&run) { run.excess[0] = 1 + 0.2 * i; });
  const auto width = [](const Summary& s) { return s.base().excess.high - s.base().excess.low; };
  EXPECT_GT(width(apart), 5 * width(near));
  const Estimate& one = *apart.trainings[0].report.statistics.verdict.excess;
  EXPECT_GT(width(apart), 5 * (one.high - one.low)) << "that of one training knows its videos alone";
}

TEST_F(SummaryTest, TheIntervalOfARatioIsNeverNegative) {
  // Student's interval of three such trainings would begin below -2.
  const Summary s = summary(3, [](int i, MadeUpRun& run) { run.excess[0] = i == 3 ? 4 : 0.5; });
  EXPECT_EQ(s.base().excess.low, 0);
  EXPECT_GT(s.base().excess.high, 4);
  EXPECT_LT(s.intervals[2].change.low, -4) << "a difference may be";
}

TEST_F(SummaryTest, VerdictsAndAdviceAreCounted) {
  const Summary s = summary(5, [](int i, MadeUpRun& run) {
    if (i == 5) run.excess[0] = 0.8;
    if (i >= 4) run.accuracy = {0.9, 0.9, 0.9};
    if (i < 4) run.accuracy = {0.5, 0.97, 0.6};
  });
  EXPECT_EQ(s.counts.used, 5);
  EXPECT_EQ(s.counts.present, 4);
  EXPECT_EQ(s.counts.absent, 1);
  EXPECT_EQ(s.counts.change, 3);
  EXPECT_EQ(s.counts.keep, 2);
  EXPECT_EQ(s.counts.significant_gains, 3);
  EXPECT_THAT(s.sentences.left_out, IsEmpty());
  EXPECT_THAT(s.sentences.effect,
              StartsWith("Border effect in 4 of 5 trainings, none in 1: at interval 1, the first 2 "
                         "and the last 2 of 16 frames carry 1."));
  EXPECT_THAT(
      s.sentences.advice,
      StartsWith("Audited one by one, of 5 trainings 3 should use interval 2, 2 should keep interval 1. "
                 "A significant gain is seen in 3;"));
}

TEST_F(SummaryTest, TheEffectOfTheMeanIsAVerdict) {
  const Summary present = summary(5);
  EXPECT_EQ(present.effect, BorderEffect::kPresent);
  EXPECT_THAT(
      present.sentences.effect,
      AllOf(HasSubstr(", above the smallest excess of interest, 1.05, over 5 trainings and 60 videos."),
            StartsWith("Border effect in 5 of 5 trainings: ")));
  const Summary absent = summary(5, [](int, MadeUpRun& run) { run.excess[0] = 0.8; });
  EXPECT_EQ(absent.effect, BorderEffect::kAbsent);
  EXPECT_THAT(absent.sentences.effect, HasSubstr(", below the smallest excess"));
  const Summary apart = summary(3, [](int i, MadeUpRun& run) { run.excess[0] = 0.6 + 0.3 * i; });
  EXPECT_EQ(apart.effect, BorderEffect::kCantTell) << "single trainings are sure, the recipe is not";
  EXPECT_EQ(apart.counts.present, 2);
  EXPECT_THAT(apart.sentences.effect, HasSubstr(", which neither passes nor excludes the smallest excess"));
}

TEST_F(SummaryTest, FadingIsAPairedDifference) {
  const Summary falls = summary(4);
  EXPECT_NEAR(falls.intervals[2].change.value, -0.4, 0.05);
  EXPECT_THAT(falls.sentences.fading, StartsWith("The excess falls from 1."));
  EXPECT_THAT(falls.sentences.fading, HasSubstr("at interval 1 to 0.9"));
  EXPECT_EQ(falls.base().change.trainings, 0);
  const Summary rises = summary(4, [](int, MadeUpRun& run) { run.excess = {1.1, 1.2, 1.4}; });
  EXPECT_THAT(rises.sentences.fading, StartsWith("The excess rises from 1."));
  const Summary stays = summary(4, [](int i, MadeUpRun& run) { run.excess = {1.2, 1.2, 1.1 + 0.04 * i}; });
  EXPECT_THAT(stays.sentences.fading, HasSubstr("which may be none."));
}

TEST_F(SummaryTest, OneIntervalIsChosenForAllTrainingsAndItsGainTestedOnOtherVideos) {
  const Summary s = summary(5);
  EXPECT_EQ(s.choice.chosen, 2);
  ASSERT_TRUE(s.choice.gain);
  EXPECT_EQ(s.choice.choice_videos, 30);
  EXPECT_EQ(s.choice.report_videos, 30);
  EXPECT_EQ(s.choice.gain->videos, 30);
  EXPECT_GT(s.choice.gain->low, 0);
  EXPECT_THAT(s.sentences.gain,
              StartsWith("Use interval 2 instead of 1: chosen for all trainings together on one half of "
                         "the videos, it gains +"));
  const Summary none = summary(5, [](int, MadeUpRun& run) { run.accuracy = {0.8, 0.8, 0.8}; });
  EXPECT_EQ(none.choice.chosen, 1);
  EXPECT_FALSE(none.choice.gain);
  EXPECT_THAT(none.sentences.gain, StartsWith("Keep interval 1: on 30 videos for choosing"));
}

TEST_F(SummaryTest, AGainThatMayBeNoneIsNotAdvised) {
  // One training gains much, two hardly.
  const Summary s = summary(3, [](int i, MadeUpRun& run) { run.accuracy = {0.7, i == 1 ? 1.0 : 0.75, 0.5}; });
  ASSERT_TRUE(s.choice.gain);
  EXPECT_LT(s.choice.gain->low, 0);
  EXPECT_THAT(s.sentences.gain,
              StartsWith("Keep interval 1 for now: interval 2 was chosen on one half of the videos; "
                         "its gain over 1 is +"));
  EXPECT_THAT(s.sentences.gain, HasSubstr("over 3 trainings and 30 videos, which may be none."));
}

TEST_F(SummaryTest, AVideoOfSeveralTrainingsIsInOneHalfForAll) {
  const Summary s = summary(3, [](int i, MadeUpRun& run) { run.first_video = 20 * i; });
  std::map<size_t, bool> halves;
  for (const Training& training : s.trainings) {
    for (const TrainingVideo& video : training.videos) {
      const auto [found, added] = halves.try_emplace(video.video, video.for_report);
      EXPECT_EQ(found->second, video.for_report);
    }
  }
  EXPECT_EQ(halves.size(), 100U);
  EXPECT_EQ(std::ranges::count(halves, true, [](const auto& one) { return one.second; }), 50);
}

TEST_F(SummaryTest, SaysWhichVideosTheTrainingsSaw) {
  const Summary same = summary(3);
  EXPECT_EQ(same.sharing, Sharing::kSame);
  EXPECT_THAT(same.sentences.videos, StartsWith("The same 60 videos for all trainings"));
  const Summary own = summary(3, [](int i, MadeUpRun& run) { run.first_video = 100 * i; });
  EXPECT_EQ(own.sharing, Sharing::kOwn);
  EXPECT_EQ(own.base().excess.videos, 180);
  EXPECT_THAT(own.sentences.videos, StartsWith("180 videos in all, each seen by one training alone"));
  const Summary some = summary(3, [](int i, MadeUpRun& run) { run.first_video = 20 * i; });
  EXPECT_EQ(some.sharing, Sharing::kSome);
  EXPECT_THAT(some.sentences.videos, StartsWith("100 videos in all, some of them seen by several"));
}

TEST_F(SummaryTest, ATrainingAtChanceIsNamedFirstAndInNoMean) {
  const auto chance = [](int i, MadeUpRun& run) {
    if (i == 2) run.accuracy = {0.25, 0.25, 0.25}, run.excess[0] = 3;
  };
  const Summary s = summary(5, chance);
  EXPECT_EQ(s.counts.at_chance, 1);
  EXPECT_EQ(s.counts.used, 4);
  EXPECT_EQ(s.base().excess.trainings, 4);
  EXPECT_LT(s.base().excess.high, 2);
  EXPECT_EQ(s.base().accuracy.trainings, 4);
  EXPECT_NEAR(s.base().excess_of[1], 3, 0.2) << "its own value is kept";
  EXPECT_THAT(s.sentences.left_out,
              StartsWith("1 of 5 trainings is not distinguishable from chance (training2, "));
  EXPECT_THAT(s.sentences.left_out, HasSubstr("Left out of excess, accuracy and gain over trainings."));
  EXPECT_THAT(s.sentences.effect, StartsWith("Border effect in 4 of 5 trainings, no verdict on 1: "));
  EXPECT_THAT(s.sentences.advice, HasSubstr("1 get no advice"));
  EXPECT_THAT(text_of(s), StartsWith("LEFT OUT     1 of 5 trainings is"));
}

TEST_F(SummaryTest, ATrainingWithoutRelevanceIsNamedFirstAndInNoMean) {
  const Summary s = summary(4, [](int i, MadeUpRun& run) { run.no_relevance = i == 4; });
  EXPECT_EQ(s.counts.without_relevance, 1);
  EXPECT_EQ(s.base().excess.trainings, 3);
  EXPECT_THAT(s.sentences.left_out,
              StartsWith("1 of 4 trainings is without relevance at the input for most videos (training4, "));
}

TEST_F(SummaryTest, WhereAllAreAtChanceThereIsNoVerdictAndFalseAlarmsAreCounted) {
  const Summary s = summary(4, [](int i, MadeUpRun& run) {
    run.accuracy = {0.25, 0.25, 0.25};
    if (i == 3) run.accuracy[1] = 0.9;  // as if by chance
  });
  EXPECT_EQ(s.counts.at_chance, 4);
  EXPECT_EQ(s.counts.used, 0);
  EXPECT_EQ(s.effect, BorderEffect::kNoVerdict);
  EXPECT_EQ(s.base().excess.trainings, 0);
  EXPECT_EQ(s.base().accuracy.trainings, 4);
  EXPECT_EQ(s.counts.change, 0) << "advice is withheld";
  EXPECT_EQ(s.counts.significant_gains, 1);
  EXPECT_THAT(s.sentences.left_out, StartsWith("4 of 4 trainings are not distinguishable from chance"));
  EXPECT_THAT(s.sentences.left_out, HasSubstr("accuracy and gain are those of all trainings"));
  EXPECT_THAT(s.sentences.advice,
              HasSubstr("of 4 trainings 4 get no advice. A significant gain is seen in 1;"));
  EXPECT_THAT(s.sentences.gain, StartsWith("No advice, as no training is left: "));
  EXPECT_THAT(text_of(s), Not(HasSubstr("nan")));
}

TEST_F(SummaryTest, WhereTwoAreLeftThereAreMeansAndNoInterval) {
  const Summary s = summary(4, [](int i, MadeUpRun& run) {
    if (i > 2) run.accuracy = {0.25, 0.25, 0.25};
  });
  EXPECT_EQ(s.base().excess.trainings, 2);
  EXPECT_FALSE(s.base().excess.has_interval());
  EXPECT_EQ(s.effect, BorderEffect::kCantTell);
  EXPECT_THAT(s.sentences.effect, HasSubstr("2 trainings are too few for an interval over trainings."));
  EXPECT_THAT(s.sentences.gain, HasSubstr("they are too few"));
  EXPECT_THAT(text_of(s), HasSubstr("~ from fewer than 3 trainings or 10 videos"));
}

TEST_F(SummaryTest, WithoutANullProfileThereIsNoExcess) {
  const Summary s = summary(3, [](int, MadeUpRun& run) { run.has_null_profile = false; });
  EXPECT_EQ(s.base().excess.trainings, 0);
  EXPECT_EQ(s.effect, BorderEffect::kCantTell);
  EXPECT_THAT(s.sentences.effect, HasSubstr("without a null profile there is no excess"));
  EXPECT_EQ(s.base().accuracy.trainings, 3);
  EXPECT_TRUE(Json::parse(json_of(s))["intervals"][0]["excess"].is_null());
}

TEST_F(SummaryTest, FewerThanThreeRunsAreRefused) {
  EXPECT_THAT(refusal(write(2)), HasSubstr("the runs of 3 trainings or more, and there are 2"));
  EXPECT_THAT(refusal(write(1)), HasSubstr("and there is 1"));
}

TEST_F(SummaryTest, ATrainingCountsOnce) {
  auto runs = write(3);
  runs.push_back({folder_.path() / "." / runs[1].path.filename(), "again"});
  EXPECT_THAT(refusal(runs), HasSubstr("is given twice"));
  EXPECT_THAT(refusal(write(3, [](int, MadeUpRun& run) { run.network = "the one"; })),
              HasSubstr("training1 and training2 are audits of one network (SHA-256 the one)"));
}

TEST_F(SummaryTest, RunsOfOtherSettingsAreRefusedAndTheDifferenceNamed) {
  const auto with = [&](const std::function<void(MadeUpRun&)>& change) {
    return refusal(write(3, [&](int i, MadeUpRun& run) {
      if (i == 3) change(run);
    }));
  };
  const std::string method = with([](MadeUpRun& run) {
    run.settings = R"({"method": {"name": "gradient"}, "base_interval": 1, "seed": 0})";
  });
  EXPECT_THAT(method, StartsWith("training1 (there) and training3 (here) cannot be summarised together: "
                                 "settings.method.name: \"deep_taylor\" there, \"gradient\" here."));
  EXPECT_THAT(with([](MadeUpRun& run) {
                run.intervals = {1, 2, 3};
              }),
              HasSubstr("conditions.2.frame_interval: 4 there, 3 here"));
  EXPECT_THAT(with([](MadeUpRun& run) { run.classes = 5; }), HasSubstr("class_count: 4 there, 5 here"));
  EXPECT_THAT(with([](MadeUpRun& run) { run.rows = 80; }), HasSubstr("training3 is not finished: 60 of 80"));
  EXPECT_THAT(with([](MadeUpRun& run) { run.shard = {1, 2}; }), HasSubstr("training3 is shard 1/2"));
}

TEST_F(SummaryTest, ClipsOfAnotherLengthAreRefused) {
  auto runs = write(2);
  Database(runs[1].path, {}).execute("UPDATE run SET clip_len = 8");
  runs.push_back(write(1, [](int, MadeUpRun& run) { run.network = "another"; })[0]);
  EXPECT_THAT(refusal(runs), HasSubstr("clip_len: 16 there, 8 here"));
}

TEST_F(SummaryTest, VideosAndTheSeedOfControlsMayDiffer) {
  const Summary s = summary(3, [](int i, MadeUpRun& run) {
    run.first_video = 7 * i;
    run.videos = 50 + i;
    run.settings =
        fmt::format(R"({{"method": {{"name": "deep_taylor"}}, "base_interval": 1, "seed": {}}})", i);
  });
  EXPECT_EQ(s.counts.used, 3);
}

TEST_F(SummaryTest, ThePageOfTextFitsAHundredColumns) {
  const std::string text = text_of(summary(4));
  EXPECT_THAT(text, StartsWith("effect       Border effect in 4 of 4 trainings"));
  for (const char* part : {"\nfading ", "\ngain ", "\nadvice ", "\nvideos ", "training4", "change", "points"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("nan")), Not(HasSubstr(" \n"))));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST_F(SummaryTest, JsonHoldsEveryNumber) {
  const Summary s = summary(4, [](int i, MadeUpRun& run) {
    if (i == 4) run.accuracy = {0.25, 0.25, 0.25};
  });
  const Json json = Json::parse(json_of(s));
  EXPECT_EQ(json["relevid_summary"], 1);
  EXPECT_EQ(json["effect"], "present");
  EXPECT_EQ(json["sentences"]["effect"], s.sentences.effect);
  EXPECT_EQ(json["counts"]["trainings"], 4);
  EXPECT_EQ(json["counts"]["used"], 3);
  EXPECT_EQ(json["counts"]["verdicts"]["present"], 3);
  EXPECT_EQ(json["counts"]["verdicts"]["none"], 1);
  EXPECT_EQ(json["counts"]["advice"]["none"], 1);
  EXPECT_EQ(json["videos"]["shared"], "same");
  EXPECT_EQ(json["k"], 2);
  ASSERT_EQ(json["intervals"].size(), 3U);
  EXPECT_EQ(json["intervals"][2]["change"]["low"], s.intervals[2].change.low);
  EXPECT_EQ(json["intervals"][1]["accuracy_of"].size(), 4U);
  EXPECT_EQ(json["choice"]["chosen"], 2);
  EXPECT_EQ(json["choice"]["gain"]["high"], s.choice.gain->high);
  EXPECT_EQ(json["trainings"][3]["withheld"], "at_chance");
  EXPECT_EQ(json["trainings"][0]["excess"]["value"], s.trainings[0].report.statistics.verdict.excess->value);
  EXPECT_EQ(json["settings"]["method"]["name"], "deep_taylor");
}

TEST_F(SummaryTest, ADamagedRunIsAnError) {
  auto runs = write(3);
  relevid::testing::write_bytes(runs[2].path, std::string(1000, 'x'));
  message_of(ErrorKind::kCorruptInput, [&] { summary_of(runs); });
  std::filesystem::remove(runs[2].path);
  message_of(ErrorKind::kIo, [&] { summary_of(runs); });
}

}  // namespace
}  // namespace relevid::audit
