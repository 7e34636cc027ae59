// SPDX-License-Identifier: Apache-2.0
#include "audit/recommendation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "audit/statistics.h"
#include "made_up.h"
#include "statistics/halves.h"

namespace relevid::audit {

using statistics::Half;
using statistics::Halves;
using statistics::kFewVideos;

namespace {

using testing::draw;
using ::testing::HasSubstr;
using testing::intervals;
using testing::source_of;
using ::testing::StartsWith;
using testing::uniform_profile;
using testing::Videos;

Recommendation advice(const Videos& videos, const std::vector<int64_t>& which, int64_t base = 1) {
  StatisticsOptions options;
  options.base_interval = base;
  options.replicates = 500;
  return analyse(source_of(videos), intervals(which), options).recommendation;
}

Videos with_accuracies(std::vector<double> accuracy, int64_t count, uint64_t seed = 1) {
  return draw({uniform_profile(4), 0.3, std::move(accuracy), 10}, count, seed);
}

TEST(Recommendation, ChangesForAClearGain) {
  Videos videos = with_accuracies({0.6, 0.95, 0.95, 0.5}, 300);
  for (size_t i = 0; i < videos.size(); ++i) videos[i].video.fps = i % 2 == 0 ? 24 : 30;
  const Recommendation r = advice(videos, {1, 2, 4, 8});
  EXPECT_EQ(r.advice, Advice::kChange);
  // 2 and 4 are equally good: the smaller.
  EXPECT_EQ(r.chosen, 2);
  EXPECT_EQ(r.advised, 2);
  EXPECT_EQ(r.choice_videos + r.report_videos, 300);
  EXPECT_EQ(r.report_videos, 150);
  EXPECT_NEAR(r.gain->value, 0.35, 0.1);
  EXPECT_GT(r.gain->low, 0.2);
  EXPECT_LT(r.mcnemar->p, 1e-4);
  EXPECT_EQ(r.advised_rate->lowest, 12);
  EXPECT_EQ(r.advised_rate->highest, 15);
  EXPECT_EQ(r.base_rate->highest, 30);
  EXPECT_THAT(r.sentence, StartsWith("Use interval 2 instead of 1: on 150 videos"));
  EXPECT_THAT(r.sentence, HasSubstr("12 to 15 frames a second"));
}

TEST(Recommendation, KeepsABaseThatIsBest) {
  const Recommendation r = advice(with_accuracies({0.98, 0.6}, 400), {1, 2});
  EXPECT_EQ(r.chosen, 1);
  EXPECT_FALSE(r.gain);
  EXPECT_EQ(r.advised, 1);
  EXPECT_THAT(r.sentence, HasSubstr("no other was better by more than noise"));
}

TEST(Recommendation, KeepsWithManyVideosAndNothingToGain) {
  // Equally right or wrong at both intervals, but for few: a gain of five points would be seen.
  Videos videos = with_accuracies({0.8, 0.8}, 1000);
  for (size_t i = 0; i < videos.size(); ++i) {
    if (i % 50 != 0) videos[i].by_condition[1] = videos[i].by_condition[0];
  }
  const Recommendation r = advice(videos, {1, 2});
  EXPECT_EQ(r.advice, Advice::kKeep);
  EXPECT_LT(*r.videos_needed, 1000);
}

TEST(Recommendation, SaysHowManyVideosItTakes) {
  const Recommendation r = advice(with_accuracies({0.5, 0.9}, 12), {1, 2});
  EXPECT_EQ(r.advice, Advice::kTooFewVideos);
  EXPECT_EQ(r.advised, 1);
  ASSERT_TRUE(r.videos_needed);
  EXPECT_GE(*r.videos_needed, 2 * kFewVideos);
  EXPECT_THAT(r.sentence, HasSubstr("for now"));
  const Recommendation three = advice(with_accuracies({0.5, 0.9}, 3), {1, 2});
  EXPECT_EQ(three.advice, Advice::kTooFewVideos);
  EXPECT_GT(*three.videos_needed, 12);
}

/// The videos for choosing.
std::vector<run::VideoRecord*> choice_half(Videos& videos) {
  Halves halves;
  for (const auto& video : videos) halves.add(video.video.sha256, video.video.label);
  halves.deal();
  std::vector<run::VideoRecord*> chosen;
  for (auto& video : videos) {
    if (halves.of(video.video.sha256) == Half::kChoice) chosen.push_back(&video);
  }
  return chosen;
}

TEST(Recommendation, OneMoreRightVideoIsNoiseAndFourAreNot) {
  Videos videos = with_accuracies({1, 1}, 40);
  const auto half = choice_half(videos);
  half[0]->by_condition[0]->right1 = false;
  const Recommendation noise = advice(videos, {1, 2});
  EXPECT_EQ(noise.chosen, 1);
  EXPECT_TRUE(noise.candidates[0].within_noise);
  for (size_t i = 1; i < 4; ++i) half[i]->by_condition[0]->right1 = false;
  const Recommendation more = advice(videos, {1, 2});
  EXPECT_EQ(more.chosen, 2);
  EXPECT_EQ(more.advice, Advice::kTooFewVideos);
}

TEST(Recommendation, TestsOnVideosThatHadNoPartInTheChoice) {
  // Interval 2 is right on the choice half only: there it shines, and on the other half it fails.
  Videos videos = with_accuracies({0.5, 0.5}, 200);
  for (auto& video : videos) {
    video.by_condition[0]->right1 = true;
    video.by_condition[1]->right1 = false;
    for (auto& one : video.by_condition) one->right5 = true;
  }
  for (auto* video : choice_half(videos)) std::swap(video->by_condition[0], video->by_condition[1]);
  const Recommendation r = advice(videos, {1, 2});
  EXPECT_EQ(r.chosen, 2);
  EXPECT_EQ(r.candidates[1].right, r.choice_videos);
  EXPECT_EQ(r.gain->value, -1);
  EXPECT_EQ(r.advice, Advice::kKeep);
  EXPECT_EQ(r.advised, 1);
  EXPECT_THAT(r.sentence, HasSubstr("did best on one half"));
}

TEST(Recommendation, BaseNeedNotBeOne) {
  const Recommendation r = advice(with_accuracies({0.95, 0.5, 0.5}, 200), {1, 2, 4}, 2);
  EXPECT_EQ(r.base, 2);
  EXPECT_EQ(r.advice, Advice::kChange);
  EXPECT_EQ(r.advised, 1);
}

TEST(Recommendation, HasNothingToSayWithoutLabelsOrIntervals) {
  Videos videos = with_accuracies({0.5, 0.9}, 50);
  EXPECT_EQ(advice(with_accuracies({0.5}, 50), {1}).advice, Advice::kKeep);
  for (auto& video : videos) video.video.label = kUnlabelled;
  const Recommendation unlabelled = advice(videos, {1, 2});
  EXPECT_EQ(unlabelled.advice, Advice::kTooFewVideos);
  EXPECT_FALSE(unlabelled.videos_needed);
  EXPECT_THAT(unlabelled.sentence, HasSubstr("no labelled video"));
}

}  // namespace
}  // namespace relevid::audit
