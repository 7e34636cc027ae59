// SPDX-License-Identifier: Apache-2.0
#include "tune/gain.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace relevid::tune {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Videos whose tuned ABPC is better by `gain`, give or take `spread`.
std::vector<HeldOutClip> clips(int count, double gain, double spread) {
  std::vector<HeldOutClip> all;
  for (int i = 0; i < count; ++i) {
    const double own = 0.2 + 0.01 * (i % 5);
    const double apart = i % 2 == 0 ? spread : -spread;
    all.push_back({fmt::format("video{}", i), own, own + gain + apart, 0.0, 0.9, 0.2});
  }
  return all;
}

TEST(Gain, IsClaimedWhereItsIntervalIsAboveZero) {
  const Gain gain = gain_of(clips(12, 0.1, 0.02), "value_path", true);
  EXPECT_EQ(gain.verdict, Verdict::kGain);
  EXPECT_NEAR(gain.difference.value, 0.1, 1e-9);
  EXPECT_NEAR(gain.tuned.value - gain.own.value, 0.1, 1e-9);
  EXPECT_EQ(gain.difference.videos, 12);
  EXPECT_THAT(gain.sentence, StartsWith("A gain: on 12 videos that had no part in the search"));
  EXPECT_TRUE(gain.warnings.empty());
}

TEST(Gain, ThatCannotBeToldFromNoneKeepsThePreset) {
  const Gain gain = gain_of(clips(12, 0.01, 0.2), "value_path", true);
  EXPECT_EQ(gain.verdict, Verdict::kNoGain);
  EXPECT_THAT(gain.sentence, StartsWith("No significant gain"));
  EXPECT_THAT(gain.sentence, HasSubstr("Keep value_path as it is"));
}

TEST(Gain, ThatIsALossIsCalledOne) {
  const Gain gain = gain_of(clips(12, -0.1, 0.02), "attnlrp", true);
  EXPECT_EQ(gain.verdict, Verdict::kLoss);
  EXPECT_THAT(gain.sentence, StartsWith("A loss"));
}

TEST(Gain, OfFewVideosIsNoClaimHoweverLarge) {
  const Gain gain = gain_of(clips(9, 0.3, 0.01), "value_path", true);
  EXPECT_EQ(gain.verdict, Verdict::kTooFewVideos);
  EXPECT_THAT(gain.sentence, HasSubstr("a claim takes 10"));
}

TEST(Gain, IsNoQuestionWhereTheSearchKeptThePreset) {
  const Gain gain = gain_of(clips(12, 0, 0), "value_path", false);
  EXPECT_EQ(gain.verdict, Verdict::kUnchanged);
  EXPECT_EQ(gain.difference.value, 0);
  EXPECT_THAT(gain.sentence, StartsWith("Nothing to tune"));
}

TEST(Gain, WarnsOfCurvesThatSayLittle) {
  auto rows = clips(12, 0.1, 0.02);
  for (HeldOutClip& row : rows) {
    row.flipped = 0.88;
    row.random = 0.5;
  }
  const Gain gain = gain_of(rows, "value_path", true);
  EXPECT_THAT(gain.warnings, ::testing::Contains(HasSubstr("a random order is not last")));
  EXPECT_THAT(gain.warnings, ::testing::Contains(HasSubstr("this fill leaves what the model uses")));
}

TEST(Gain, NamesItsVerdicts) {
  EXPECT_EQ(name(Verdict::kTooFewVideos), "too_few_videos");
}

}  // namespace
}  // namespace relevid::tune
