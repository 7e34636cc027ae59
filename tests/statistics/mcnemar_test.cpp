// SPDX-License-Identifier: Apache-2.0
#include "statistics/mcnemar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "statistics/distributions.h"

namespace relevid::statistics {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(Distributions, KnowTheirTables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.8), 0.8416212335729143, 1e-14);
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_EQ(normal_quantile(0.125), -normal_quantile(0.875));
  EXPECT_NEAR(normal_quantile(1e-7), -5.1993375821928165, 1e-13);
  EXPECT_NEAR(normal_cdf(-1), 0.15865525393145705, 1e-16);
  // The last digits that tables give.
  EXPECT_NEAR(student_quantile(0.975, 1), 12.706204736, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 2), 4.302652730, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 3), 3.182446305, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 4), 2.776445105, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 19), 2.093024054, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 30), 2.042272456, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 100), 1.983971519, 5e-10);
  EXPECT_NEAR(student_quantile(0.975, 1000), 1.962339081, 5e-10);
  EXPECT_EQ(student_quantile(0.125, 7), -student_quantile(0.875, 7));
}

// In 40 digits, by root finding in the regularized incomplete beta and the hypergeometric function.
TEST(Distributions, AreThoseOfHigherPrecision) {
  EXPECT_NEAR(student_quantile(0.975, 19), 2.0930240544083098, 1e-14);
  EXPECT_NEAR(student_quantile(0.975, 101), 1.9837310029556062, 1e-14);
  EXPECT_NEAR(student_quantile(0.975, 1000), 1.9623390808264085, 1e-14);
  EXPECT_NEAR(beta_quantile(0.025, 5, 6), 0.18708602844739853, 1e-15);
  EXPECT_NEAR(beta_quantile(0.975, 6, 5), 0.81291397155260147, 1e-15);
  EXPECT_NEAR(beta_quantile(0.025, 50, 151), 0.1916071696225865, 1e-15);
  EXPECT_NEAR(beta_quantile(0.025, 50000, 200001), 0.1984335131599414, 1e-15);
}

TEST(McNemar, IsTheBinomialCountedByHand) {
  EXPECT_EQ(mcnemar_exact(0, 0).p, 1);
  EXPECT_EQ(mcnemar_exact(1, 0).p, 1);
  EXPECT_EQ(mcnemar_exact(3, 3).p, 1);
  EXPECT_NEAR(mcnemar_exact(5, 0).p, 2.0 / 32, 1e-13);
  EXPECT_NEAR(mcnemar_exact(0, 6).p, 2.0 / 64, 1e-13);
  EXPECT_NEAR(mcnemar_exact(10, 2).p, 2.0 * (1 + 12 + 66) / 4096, 1e-13);
  EXPECT_NEAR(mcnemar_exact(2, 10).p, 2.0 * (1 + 12 + 66) / 4096, 1e-13);
  EXPECT_NEAR(mcnemar_exact(4, 3).p, 1, 1e-13);
  EXPECT_NEAR(mcnemar_exact(9, 3).p, 2.0 * (1 + 12 + 66 + 220) / 4096, 1e-13);
  const McNemar kept = mcnemar_exact(10, 2);
  EXPECT_EQ(kept.gained, 10);
  EXPECT_EQ(kept.lost, 2);
}

TEST(McNemar, OfManyVideosIsTheNormalApproximation) {
  // With continuity correction: z = (|b - c| - 1) / √(b + c).
  const double z = (520 - 480 - 1) / std::sqrt(1000.0);
  EXPECT_NEAR(mcnemar_exact(520, 480).p, 2 * normal_cdf(-z), 1e-4);
  EXPECT_EQ(mcnemar_exact(200000, 0).p, 0);
  EXPECT_NEAR(mcnemar_exact(500000, 500001).p, 1, 1e-9);
}

TEST(Holm, MultipliesByWhatIsLeftAndStaysMonotone) {
  EXPECT_THAT(holm(std::vector<double>{0.01, 0.04, 0.03}),
              ElementsAre(DoubleNear(0.03, 1e-15), DoubleNear(0.06, 1e-15), DoubleNear(0.06, 1e-15)));
  EXPECT_THAT(holm(std::vector<double>{0.5, 0.9, 0.02, 0.5}), ElementsAre(1, 1, DoubleNear(0.08, 1e-15), 1));
  EXPECT_THAT(holm(std::vector<double>{0.2}), ElementsAre(0.2));
  EXPECT_TRUE(holm({}).empty());
}

TEST(VideosForGain, IsTheFormulaOfMiettinen) {
  // ψ = 0.3, δ = 0.1: (1.95996 · 0.547723 + 0.841621 · 0.538516)² / 0.01 = 233.09.
  EXPECT_EQ(videos_for_gain(0.3, 0.1), 234);
  // ψ = δ: every discordant video is a gain.
  EXPECT_EQ(videos_for_gain(0, 0.05), videos_for_gain(0.05, 0.05));
  EXPECT_EQ(videos_for_gain(1, 1), 4);
  EXPECT_GT(videos_for_gain(0.4, 0.1), videos_for_gain(0.3, 0.1));
}

}  // namespace
}  // namespace relevid::statistics
