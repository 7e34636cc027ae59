// SPDX-License-Identifier: Apache-2.0
#include "audit/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "made_up.h"
#include "relevid/error.h"

namespace relevid::audit {

using statistics::Combination;
using statistics::Estimate;

namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::uniform_profile;

/// Of one profile alone: every mean is its value.
ProfileEstimate of(const std::vector<double>& shares, const std::vector<double>* null_profile = nullptr) {
  const std::vector<double> row = profile_row(shares, 0);
  const auto mean_of = [&](const Combination& combination) {
    Estimate estimate;
    estimate.value = estimate.low = estimate.high = 0;
    for (const auto& [column, factor] : combination) estimate.value += factor * row[column];
    estimate.videos = 1;
    return estimate;
  };
  return estimate_profile(static_cast<int64_t>(shares.size()), mean_of, null_profile);
}

TEST(BorderWidths, AreOneTwoAndAnEighthWhereTheyFit) {
  EXPECT_THAT(border_widths(0), IsEmpty());
  EXPECT_THAT(border_widths(2), ElementsAre(1));
  EXPECT_THAT(border_widths(3), ElementsAre(1));
  EXPECT_THAT(border_widths(8), ElementsAre(1, 2));
  EXPECT_THAT(border_widths(16), ElementsAre(1, 2));
  EXPECT_THAT(border_widths(32), ElementsAre(1, 2, 4));
  EXPECT_THAT(border_widths(100), ElementsAre(1, 2, 12));
  EXPECT_EQ(main_border_width(5), 1);
  EXPECT_EQ(main_border_width(64), 8);
}

TEST(Profile, OfEqualSharesIsNeutral) {
  const ProfileEstimate profile = of(uniform_profile(8));
  EXPECT_THAT(profile.borders[0].share.value, DoubleNear(0.25, 1e-12));
  EXPECT_THAT(profile.borders[0].ratio.value, DoubleNear(1, 1e-12));
  EXPECT_THAT(profile.borders[1].ratio.value, DoubleNear(1, 1e-12));
  EXPECT_FALSE(profile.borders[0].excess);
  EXPECT_NEAR(profile.centre.value, 3.5, 1e-12);
  EXPECT_NEAR(profile.centre_relative.value, 0, 1e-12);
  EXPECT_NEAR(profile.asymmetry.value, 0, 1e-12);
  EXPECT_NEAR(profile.entropy.value, 1, 1e-12);
}

TEST(Profile, IsWorkedOutByHand) {
  const std::vector<double> null_profile{0.1, 0.2, 0.4, 0.2, 0.1};
  const ProfileEstimate profile = of({0.5, 0.125, 0, 0.125, 0.25}, &null_profile);
  EXPECT_NEAR(profile.borders[0].share.value, 0.75, 1e-12);
  EXPECT_NEAR(profile.borders[0].ratio.value, 0.75 / 0.4, 1e-12);
  EXPECT_NEAR(profile.borders[0].excess->value, 0.75 / 0.2, 1e-12);
  EXPECT_EQ(profile.borders[1].k, 2);
  EXPECT_NEAR(profile.borders[1].ratio.value, 1 / 0.8, 1e-12);
  EXPECT_NEAR(profile.borders[1].excess->value, 1 / 0.6, 1e-12);
  EXPECT_NEAR(profile.centre.value, 0.125 + 0.375 + 1, 1e-12);
  EXPECT_NEAR(profile.centre_relative.value, (1.5 - 2) / 2, 1e-12);
  EXPECT_NEAR(profile.asymmetry.value, 0.375 - 0.625, 1e-12);
  // -(½ ln ½ + ¼ ln ¼ + ¼ ln ⅛) / ln 5
  EXPECT_NEAR(profile.entropy.value, 1.75 * std::log(2) / std::log(5), 1e-12);
}

TEST(Profile, AtOneEndIsExtreme) {
  const ProfileEstimate profile = of({0, 0, 0, 1});
  EXPECT_NEAR(profile.centre_relative.value, 1, 1e-12);
  EXPECT_NEAR(profile.asymmetry.value, 1, 1e-12);
  EXPECT_NEAR(profile.entropy.value, 0, 1e-12);
  EXPECT_NEAR(profile.borders[0].ratio.value, 2, 1e-12);
}

TEST(NullProfile, IsCheckedAndScaled) {
  const std::vector<double> rounded{0.25, 0.25, 0.25, 0.2502};
  EXPECT_NEAR(border_share(checked_null_profile(rounded, 4), 2), 1, 1e-12);
  const auto refused = [](std::vector<double> shares, int64_t frames) {
    try {
      checked_null_profile(shares, frames);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kInvalidArgument;
    }
    return false;
  };
  EXPECT_TRUE(refused({0.5, 0.5}, 4));
  EXPECT_TRUE(refused({0.5, std::nan(""), 0.5}, 3));
  EXPECT_TRUE(refused({-0.5, 1, 0.5}, 3));
  EXPECT_TRUE(refused({0.5, 0.5, 0.5}, 3));
  EXPECT_TRUE(refused({0, 1, 0}, 3));
}

}  // namespace
}  // namespace relevid::audit
