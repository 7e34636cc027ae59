// SPDX-License-Identifier: Apache-2.0
#include "audit/withheld.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/statistics.h"
#include "made_up.h"

namespace relevid::audit {
namespace {

using testing::draw;
using ::testing::HasSubstr;
using testing::intervals;
using ::testing::Not;
using testing::source_of;
using ::testing::StartsWith;
using testing::Videos;
using testing::with_border;

const std::vector<double> kNull{0.06, 0.11, 0.15, 0.18, 0.18, 0.15, 0.11, 0.06};

Statistics statistics(double accuracy, int64_t count, int64_t without_relevance) {
  Videos drawn = draw({with_border(kNull, 1.5), 0.1, {accuracy, accuracy}, 4}, count, 5);
  for (int64_t i = 0; i < without_relevance; ++i) {
    for (auto& one : drawn[static_cast<size_t>(i)].by_condition) one->shares.assign(8, 0);
  }
  StatisticsOptions options;
  options.null_profile = kNull;
  return analyse(source_of(drawn), intervals({1, 2}), options);
}

TEST(Withheld, AtChanceThereIsNoVerdictAndNoAdvice) {
  const Statistics s = statistics(0.25, 200, 0);
  EXPECT_EQ(s.chance.skill, statistics::Skill::kAtChance);
  EXPECT_EQ(s.verdict.effect, BorderEffect::kNoVerdict);
  EXPECT_FALSE(s.verdict.videos_needed);
  EXPECT_THAT(s.verdict.sentence, StartsWith("No verdict: the model is not distinguishable from chance"));
  EXPECT_THAT(s.verdict.sentence, HasSubstr("Train it further"));
  EXPECT_THAT(s.verdict.sentence, Not(HasSubstr("needed")));
  EXPECT_EQ(s.recommendation.advice, Advice::kNone);
  EXPECT_EQ(s.recommendation.advised, 1);
  EXPECT_FALSE(s.recommendation.videos_needed);
  EXPECT_THAT(s.recommendation.sentence, StartsWith("No advice: the model is not"));
}

TEST(Withheld, WithoutRelevanceInMostVideosThereIsNoVerdict) {
  const Statistics s = statistics(0.9, 200, 197);
  EXPECT_EQ(s.verdict.effect, BorderEffect::kNoVerdict);
  EXPECT_THAT(s.verdict.sentence, StartsWith("No verdict: 197 of 200 videos have no relevance"));
  EXPECT_THAT(s.recommendation.sentence, StartsWith("No advice: 197 of 200 videos"));
}

TEST(Withheld, AGoodModelKeepsItsVerdict) {
  const Statistics s = statistics(0.9, 200, 0);
  EXPECT_EQ(s.verdict.effect, BorderEffect::kPresent);
  EXPECT_THAT(s.verdict.sentence, StartsWith("Border effect present"));
  EXPECT_THAT(s.verdict.sentence, Not(HasSubstr("no relevance")));
  EXPECT_NE(s.recommendation.advice, Advice::kNone);
}

TEST(Withheld, AFewVideosWithoutRelevanceAreNamedInTheVerdict) {
  const Statistics s = statistics(0.9, 200, 20);
  EXPECT_EQ(s.verdict.effect, BorderEffect::kPresent);
  EXPECT_THAT(s.verdict.sentence, HasSubstr("from 180 videos. 20 of 200 videos have no relevance"));
}

TEST(Profile, RatioOfAFewVideosIsNeverNegative) {
  Videos drawn = draw({with_border(kNull, 1.2), 0.1, {0.9}, 4}, 8, 5);  // two videos a class
  for (auto& one : drawn) {
    const bool second = one.video.sha256.substr(0, 7) >= "video 4";
    one.by_condition[0]->shares = with_border(kNull, second ? 3 : 0.1);
  }
  StatisticsOptions options;
  options.null_profile = kNull;
  const Statistics s = analyse(source_of(drawn), intervals({1}), options);
  for (const ClassStatistics& one : s.conditions[0].classes) {
    ASSERT_EQ(one.profile.videos, 2);
    EXPECT_GE(one.profile.borders[0].share.low, 0);
    EXPECT_GE(one.profile.borders[0].ratio.low, 0);
    EXPECT_GE(one.profile.borders[0].excess->low, 0);
  }
}

}  // namespace
}  // namespace relevid::audit
