// SPDX-License-Identifier: Apache-2.0
#include "audit/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/statistics.h"
#include "made_up.h"

namespace relevid::audit {

using run::Condition;
using statistics::Estimate;
using statistics::kFewVideos;

namespace {

using testing::draw;
using ::testing::HasSubstr;
using testing::intervals;
using testing::source_of;
using ::testing::StartsWith;
using testing::Truth;
using testing::uniform_profile;
using testing::Videos;
using testing::with_border;

/// An architecture's profile that itself is far from uniform.
const std::vector<double> kNull{0.06, 0.11, 0.15, 0.18, 0.18, 0.15, 0.11, 0.06};

Verdict verdict(const std::vector<double>& profile, int64_t videos, double spread = 0.3) {
  const Videos drawn = draw({profile, spread, {0.7}, 2}, videos, 5);
  StatisticsOptions options;
  options.null_profile = kNull;
  return analyse(source_of(drawn), intervals({1}), options).verdict;
}

Estimate estimate(double value, double low, double high, int64_t videos) {
  return {value, low, high, (high - low) / 4, videos};
}

TEST(Verdict, SeesAStrongEffect) {
  const Verdict v = verdict(with_border(kNull, 1.5), 100);
  EXPECT_EQ(v.effect, BorderEffect::kPresent);
  EXPECT_NEAR(v.excess->value, 1.5, 0.1);
  EXPECT_GT(v.excess->low, 1.05);
  EXPECT_FALSE(v.videos_needed);
  EXPECT_THAT(v.sentence,
              StartsWith("Border effect present: at interval 1, the first and the last of 8 frames"));
}

TEST(Verdict, CallsTheArchitecturesProfileNoEffect) {
  const Verdict v = verdict(kNull, 200, 0.1);
  EXPECT_EQ(v.effect, BorderEffect::kAbsent);
  EXPECT_NEAR(v.ratio.value, 0.48, 0.02);
  EXPECT_NEAR(v.excess->value, 1, 0.03);
  EXPECT_THAT(v.sentence, StartsWith("No border effect"));
}

TEST(Verdict, SaysWhereTheArchitectureWouldGiveMore) {
  const Verdict v = verdict(with_border(kNull, 0.5), 100);
  EXPECT_EQ(v.effect, BorderEffect::kAbsent);
  EXPECT_THAT(v.sentence, HasSubstr("which would give them more"));
}

TEST(Verdict, CantTellFromThreeVideosAndSaysHowManyItTakes) {
  const Verdict v = verdict(with_border(kNull, 1.5), 3);
  EXPECT_EQ(v.effect, BorderEffect::kCantTell);
  ASSERT_TRUE(v.videos_needed);
  EXPECT_GE(*v.videos_needed, kFewVideos);
  EXPECT_LT(*v.videos_needed, 100);
  EXPECT_THAT(v.sentence, StartsWith("Can't tell from 3 videos"));
  const Verdict one = verdict(kNull, 1);
  EXPECT_EQ(one.effect, BorderEffect::kCantTell);
  EXPECT_FALSE(one.videos_needed);
}

TEST(Verdict, TakesTheSideOfTheLimitItsIntervalLiesOn) {
  const Estimate ratio = estimate(1.2, 1.1, 1.3, 50);
  const auto effect = [&](const Estimate& excess, int64_t frames = 16) {
    return verdict_on(ratio, excess, 1, frames, 0.05).effect;
  };
  EXPECT_EQ(effect(estimate(1.2, 1.06, 1.3, 50)), BorderEffect::kPresent);
  EXPECT_EQ(effect(estimate(1.2, 1.04, 1.3, 50)), BorderEffect::kCantTell);
  EXPECT_EQ(effect(estimate(1.02, 0.99, 1.04, 50)), BorderEffect::kAbsent);
  EXPECT_EQ(effect(estimate(1.02, 0.99, 1.06, 50)), BorderEffect::kCantTell);
  EXPECT_EQ(effect(estimate(1.2, 1.06, 1.3, 9)), BorderEffect::kCantTell);
  EXPECT_EQ(effect(estimate(1.2, 1.06, 1.3, 50), 2), BorderEffect::kCantTell);
  const Verdict bare = verdict_on(ratio, std::nullopt, 1, 16, 0.05);
  EXPECT_EQ(bare.effect, BorderEffect::kCantTell);
  EXPECT_THAT(bare.sentence, HasSubstr("without a null profile"));
}

TEST(Verdict, NeedsWhatItsPowerFormulaSays) {
  Estimate excess = estimate(1.25, 1.0, 1.5, 40);
  excess.standard_error = 0.12;
  // d = 0.2: 40 · ((1.95996 + 0.84162) · 0.12 / 0.2)² = 113.02.
  EXPECT_EQ(verdict_on({}, excess, 1, 16, 0.05).videos_needed, 114);
  excess.value = 1.05;  // at the limit: d = 0.05, 40 · (2.80158 · 2.4)² = 1808.4
  EXPECT_EQ(verdict_on({}, excess, 1, 16, 0.05).videos_needed, 1809);
}

TEST(Verdict, WithAnObservedNullProfileIsPaired) {
  const std::vector<Condition> conditions{{std::nullopt, 1, 0}, {AuditControl::kNullProfile, 1, 0}};
  Videos drawn = draw({with_border(kNull, 1.4), 0.3, {0.7, 0.7}, 2}, 60, 8);
  for (auto& video : drawn)
    video.by_condition[1]->shares = with_border(kNull, 0.999 + 0.001 * (video.video.label + 1));
  drawn[7].by_condition[1].reset();
  const Statistics statistics = analyse(source_of(drawn), conditions, {});
  EXPECT_EQ(statistics.verdict.effect, BorderEffect::kPresent);
  EXPECT_EQ(statistics.verdict.excess->videos, 59);
  EXPECT_NEAR(statistics.verdict.excess->value, 1.4, 0.1);
  EXPECT_FALSE(statistics.conditions[0].right.borders[0].excess);
  EXPECT_FALSE(statistics.conditions[1].accuracy);
}

}  // namespace
}  // namespace relevid::audit
