// SPDX-License-Identifier: Apache-2.0
#include "audit/statistics.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "made_up.h"
#include "relevid/error.h"

namespace relevid::audit {

using run::Condition;
using statistics::Estimate;

namespace {

using testing::draw;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::intervals;
using testing::source_of;
using testing::uniform_profile;
using testing::Videos;

StatisticsOptions quick() {
  StatisticsOptions options;
  options.replicates = 300;
  options.null_profile = uniform_profile(8);
  return options;
}

Statistics of(const Videos& videos, const std::vector<int64_t>& which = {1, 2}) {
  return analyse(source_of(videos), intervals(which), quick());
}

Videos some(int64_t count, double accuracy = 0.7, int64_t classes = 2) {
  return draw({uniform_profile(8), 0.3, {accuracy, accuracy}, classes}, count, 3);
}

void collect(std::vector<double>& bits, const Estimate& e) {
  bits.insert(bits.end(), {e.value, e.low, e.high, e.standard_error, static_cast<double>(e.videos)});
}

void collect(std::vector<double>& bits, const AccuracyEstimate& a) {
  for (const Estimate* e : {&a.video1, &a.video5, &a.clip1, &a.clip5}) collect(bits, *e);
}

void collect(std::vector<double>& bits, const ProfileEstimate& p) {
  for (const Estimate& e : p.shares) collect(bits, e);
  for (const BorderEstimate& b : p.borders) {
    for (const Estimate* e : {&b.share, &b.ratio, &*b.excess}) collect(bits, *e);
  }
  for (const Estimate* e : {&p.centre, &p.centre_relative, &p.asymmetry, &p.entropy, &p.negative_share}) {
    collect(bits, *e);
  }
}

/// Every number, NaN as -99.
std::vector<double> all_numbers(const Statistics& s) {
  std::vector<double> bits;
  for (const ConditionStatistics& c : s.conditions) {
    if (c.accuracy) collect(bits, *c.accuracy);
    for (const ProfileEstimate* p : {&c.all, &c.right, &c.wrong}) collect(bits, *p);
    for (const ClassStatistics& one : c.classes) {
      collect(bits, one.accuracy);
      collect(bits, one.profile);
    }
  }
  for (const auto* list : {&s.sweep.with_base, &s.sweep.common}) {
    for (const Comparison& c : *list) {
      collect(bits, c.gain);
      bits.insert(bits.end(), {c.mcnemar.p, c.p_holm});
    }
  }
  for (const AccuracyEstimate& a : s.sweep.common_accuracy) collect(bits, a);
  if (s.recommendation.gain) collect(bits, *s.recommendation.gain);
  for (double& bit : bits) bit = std::isnan(bit) ? -99 : bit;
  return bits;
}

TEST(Statistics, OrderOfVideosDoesNotChangeABit) {
  Videos videos = some(90, 0.7, 3);
  for (size_t i = 0; i < videos.size(); i += 7) videos[i].by_condition[1].reset();
  const Statistics first = of(videos);
  EXPECT_GT(all_numbers(first).size(), 500U);
  // As shards would give them: every third, one after the other; and backwards.
  Videos sharded;
  for (size_t shard = 0; shard < 3; ++shard) {
    for (size_t i = shard; i < videos.size(); i += 3) sharded.push_back(videos[i]);
  }
  EXPECT_EQ(all_numbers(of(sharded)), all_numbers(first));
  std::reverse(videos.begin(), videos.end());
  const Statistics backward = of(videos);
  EXPECT_EQ(all_numbers(backward), all_numbers(first));
  EXPECT_EQ(backward.recommendation.sentence, first.recommendation.sentence);
}

TEST(Statistics, OfNoVideoAreEmptyAndSaySo) {
  const Statistics s = of({});
  EXPECT_EQ(s.videos, 0);
  EXPECT_EQ(s.frames, 0);
  EXPECT_EQ(s.conditions.size(), 2U);
  EXPECT_EQ(s.verdict.effect, BorderEffect::kCantTell);
  EXPECT_EQ(s.recommendation.advice, Advice::kTooFewVideos);
  EXPECT_FALSE(s.verdict.sentence.empty());
  EXPECT_FALSE(s.recommendation.sentence.empty());
}

TEST(Statistics, CountVideosThatDoNotFit) {
  Videos videos = draw({uniform_profile(8), 0.3, {0.6, 0.7, 0.8}, 2}, 100, 6);
  for (size_t i = 0; i < 100; ++i) {
    if (i % 10 < 2) videos[i].by_condition[1].reset();
    if (i % 10 != 5) videos[i].by_condition[2].reset();
  }
  const Statistics s = of(videos, {1, 2, 8});
  EXPECT_EQ(s.conditions[0].videos, 100);
  EXPECT_EQ(s.conditions[1].videos, 80);
  EXPECT_EQ(s.conditions[2].videos, 10);
  EXPECT_EQ(s.sweep.with_base[0].videos, 80);
  EXPECT_EQ(s.sweep.with_base[1].videos, 10);
  // Interval 8 fits too few to be compared with.
  EXPECT_THAT(s.sweep.compared, ElementsAre(1, 2));
  EXPECT_THAT(s.sweep.left_out, ElementsAre(8));
  EXPECT_EQ(s.sweep.common_videos, 80);
  EXPECT_EQ(s.recommendation.choice_videos + s.recommendation.report_videos, 80);
}

TEST(Statistics, CompareIntervalsOnTheSameVideos) {
  Videos videos = some(100);
  int64_t gained = 0, lost = 0;
  for (size_t i = 0; i < 100; ++i) {
    if (i % 4 == 0) {
      videos[i].by_condition[1].reset();
      continue;
    }
    const bool before = videos[i].by_condition[0]->right1, after = videos[i].by_condition[1]->right1;
    gained += after && !before;
    lost += before && !after;
  }
  const Statistics s = of(videos);
  const Comparison& c = s.sweep.with_base.at(0);
  EXPECT_EQ(c.mcnemar.gained, gained);
  EXPECT_EQ(c.mcnemar.lost, lost);
  EXPECT_NEAR(c.gain.video1.value, static_cast<double>(gained - lost) / 75, 1e-12);
  EXPECT_EQ(c.mcnemar.p, c.p_holm);
  const Comparison& common = s.sweep.common.at(0);
  EXPECT_EQ(common.mcnemar.p, c.mcnemar.p);
  EXPECT_NEAR(s.sweep.common_accuracy[1].video1.value - s.sweep.common_accuracy[0].video1.value,
              common.gain.video1.value, 1e-12);
}

TEST(Statistics, ClipsAreAveragedWithinTheirVideoFirst) {
  Videos videos = some(2);
  auto &few = *videos[0].by_condition[0], &many = *videos[1].by_condition[0];
  few.clips = few.clips_right5 = 1;
  few.clips_right1 = 1;
  many.clips = many.clips_right5 = 100;
  many.clips_right1 = 50;
  const AccuracyEstimate accuracy = *of(videos).conditions[0].accuracy;
  EXPECT_EQ(accuracy.clip1.value, 0.75);
  EXPECT_EQ(accuracy.clip5.value, 1);
}

TEST(Statistics, SplitRightFromWrong) {
  Videos videos = some(60, 0.5);
  for (auto& video : videos) {
    auto& one = *video.by_condition[0];
    one.shares = testing::with_border(uniform_profile(8), one.right1 ? 2 : 1);
  }
  const ConditionStatistics c = of(videos).conditions[0];
  EXPECT_NEAR(c.right.borders[0].excess->value, 2, 1e-8);
  EXPECT_NEAR(c.wrong.borders[0].ratio.value, 1, 1e-8);
  EXPECT_EQ(c.right.videos + c.wrong.videos, 60);
  EXPECT_NEAR(c.accuracy->video1.value, static_cast<double>(c.right.videos) / 60, 1e-12);
}

TEST(Statistics, AllRightAndAllWrong) {
  const ConditionStatistics right = of(some(30, 1)).conditions[0];
  EXPECT_EQ(right.accuracy->video1.value, 1);
  EXPECT_LT(right.accuracy->video1.low, 0.95);
  EXPECT_EQ(right.wrong.videos, 0);
  EXPECT_TRUE(std::isnan(right.wrong.centre.value));
  const Statistics wrong = of(some(30, 0));
  EXPECT_EQ(wrong.conditions[0].accuracy->clip1.value, 0);
  EXPECT_GT(wrong.conditions[0].accuracy->clip1.high, 0.05);
  EXPECT_EQ(wrong.sweep.common[0].mcnemar.p, 1);
  EXPECT_EQ(wrong.recommendation.chosen, 1);
}

TEST(Statistics, OneClassIsTheWhole) {
  const Statistics s = of(some(40, 0.7, 1));
  ASSERT_EQ(s.conditions[0].classes.size(), 1U);
  const ClassStatistics& only = s.conditions[0].classes[0];
  EXPECT_EQ(only.label, 0);
  EXPECT_NEAR(only.accuracy.video1.value, s.conditions[0].accuracy->video1.value, 1e-12);
  const Estimate &one = only.profile.borders[0].ratio, &all = s.conditions[0].all.borders[0].ratio;
  EXPECT_NEAR(one.value, all.value, 1e-9);
  EXPECT_NEAR((one.high - one.low) / (all.high - all.low), 1, 0.15);
}

TEST(Statistics, UnlabelledVideosCountForProfilesAlone) {
  Videos videos = some(40);
  for (size_t i = 0; i < 10; ++i) videos[i].video.label = kUnlabelled;
  const Statistics s = of(videos);
  EXPECT_EQ(s.videos, 40);
  EXPECT_EQ(s.labelled, 30);
  EXPECT_EQ(s.conditions[0].all.videos, 40);
  EXPECT_EQ(s.conditions[0].accuracy->video1.videos, 30);
  EXPECT_EQ(s.conditions[0].right.videos + s.conditions[0].wrong.videos, 30);
  EXPECT_EQ(s.sweep.common_videos, 30);
}

TEST(Statistics, VideosWithoutRelevanceCountForAccuracyAlone) {
  Videos videos = some(30);
  const Statistics before = of(videos);
  videos[4].by_condition[0]->shares.assign(8, 0);
  const Statistics s = of(videos);
  EXPECT_EQ(s.conditions[0].videos, 30);
  EXPECT_EQ(s.conditions[0].without_relevance, 1);
  EXPECT_EQ(s.conditions[0].all.videos, 29);
  EXPECT_EQ(s.conditions[0].right.videos + s.conditions[0].wrong.videos, 29);
  EXPECT_EQ(s.conditions[0].accuracy->video1.value, before.conditions[0].accuracy->video1.value);
  // Where half of a video's clips have none, the others' profile stands for it.
  videos[4] = some(30)[4];
  for (double& share : videos[4].by_condition[0]->shares) share /= 2;
  EXPECT_NEAR(of(videos).conditions[0].all.borders[0].ratio.value,
              before.conditions[0].all.borders[0].ratio.value, 1e-9);
}

TEST(Statistics, SayWhichFrameRateTheNetworkSees) {
  Videos videos = some(3);
  const double rates[] = {24, 0, 60};
  for (size_t i = 0; i < 3; ++i) videos[i].video.fps = rates[i];
  const Statistics s = of(videos);
  EXPECT_EQ(s.conditions[0].rate->lowest, 24);
  EXPECT_EQ(s.conditions[0].rate->highest, 60);
  EXPECT_EQ(s.conditions[1].rate->lowest, 12);
  EXPECT_EQ(s.conditions[1].rate->highest, 30);
  for (auto& video : videos) video.video.fps = 0;
  EXPECT_FALSE(of(videos).conditions[0].rate);
}

TEST(Statistics, ManyVideosAreNoDifferentFromFew) {
  // More than the bootstrap's slots, so that sums are passed over several times.
  const Statistics s = of(some(400));
  EXPECT_NEAR(s.conditions[0].all.borders[0].ratio.value, 1, 0.05);
  EXPECT_TRUE(s.conditions[0].all.borders[0].ratio.low < 1);
  EXPECT_TRUE(s.conditions[0].all.borders[0].ratio.high > 1);
}

class Refused : public ::testing::Test {
 protected:
  std::string message(const Videos& videos) { return message(videos, intervals({1, 2}), quick()); }

  std::string message(const Videos& videos, const std::vector<Condition>& conditions,
                      const StatisticsOptions& options) {
    try {
      analyse(source_of(videos), conditions, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
      return error.what();
    }
    return "nothing";
  }

  run::Observation& broken() { return *videos_[3].by_condition[1]; }

  Videos videos_ = some(5);
};

TEST_F(Refused, NoNumber) {
  broken().shares[2] = std::nan("");
  EXPECT_THAT(message(videos_), HasSubstr("video 'video 3 of 3' under interval 2: a frame share of nan"));
  broken().shares[2] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(message(videos_), HasSubstr("a frame share of inf"));
}

TEST_F(Refused, SharesThatAreNoProfile) {
  broken().shares[2] += 0.5;
  EXPECT_THAT(message(videos_), HasSubstr("sum to 1.5, not to 1"));
  broken().shares = std::vector<double>(8, -0.125);
  EXPECT_THAT(message(videos_), HasSubstr("sum to -1"));
  broken().shares = uniform_profile(8);
  broken().real_shares = uniform_profile(4);
  EXPECT_THAT(message(videos_), HasSubstr("4 frame shares where others have 8"));
  broken().shares = uniform_profile(7);
  EXPECT_THAT(message(videos_), HasSubstr("7 frame shares where others have 8"));
  for (auto& video : videos_) {
    for (auto& one : video.by_condition) one->shares = {1};
  }
  EXPECT_THAT(message(videos_), HasSubstr("two or more"));
}

TEST_F(Refused, CountsThatContradict) {
  broken().clips = 0;
  EXPECT_THAT(message(videos_), HasSubstr("0 clips"));
}

TEST_F(Refused, LabelsThatAreNone) {
  videos_[3].video.label = -2;
  EXPECT_THAT(message(videos_), HasSubstr("label -2"));
}

TEST_F(Refused, NoNumberElsewhere) {
  broken().negative_share = std::nan("");
  EXPECT_THAT(message(videos_), HasSubstr("negative share of nan"));
  broken().negative_share = 0;
  videos_[3].video.fps = -1;
  EXPECT_THAT(message(videos_), HasSubstr("-1 frames a second"));
}

TEST_F(Refused, VideosOfAnotherShape) {
  videos_[2].by_condition.pop_back();
  EXPECT_THAT(message(videos_), HasSubstr("1 conditions where there are 2"));
  videos_[2].video.sha256.clear();
  EXPECT_THAT(message(videos_), HasSubstr("no hash"));
}

TEST_F(Refused, ConditionsAndOptionsThatMakeNoSense) {
  EXPECT_THAT(message({}, intervals({2, 4}), quick()), HasSubstr("base interval 1 is not among"));
  EXPECT_THAT(message({}, intervals({1, 2, 2}), quick()),
              HasSubstr("interval 2 is among the conditions twice"));
  EXPECT_THAT(message({}, intervals({1, 0}), quick()), HasSubstr("frame interval of 0"));
  StatisticsOptions options = quick();
  options.replicates = 10;
  EXPECT_THAT(message(videos_, intervals({1, 2}), options), HasSubstr("10 bootstrap replicates"));
  options = quick();
  options.smallest_excess = 0;
  EXPECT_THAT(message(videos_, intervals({1, 2}), options), HasSubstr("smallest excess of 0"));
  options = quick();
  options.null_profile = uniform_profile(4);
  EXPECT_THAT(message(videos_, intervals({1, 2}), options), HasSubstr("4 shares for clips of 8"));
}

}  // namespace
}  // namespace relevid::audit
