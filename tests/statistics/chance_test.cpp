// SPDX-License-Identifier: Apache-2.0
#include "statistics/chance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "statistics/distributions.h"

namespace relevid::statistics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// `right` of `videos`, whose labels go round `classes`; the others get the next class.
Chance chance(int64_t right, int64_t videos, int64_t classes) {
  ChanceSums sums;
  for (int64_t i = 0; i < videos; ++i) sums.add(i % classes, i < right ? i % classes : (i + 1) % classes);
  return sums.result();
}

TEST(Beta, IsTheBinomialsTail) {
  EXPECT_NEAR(beta_quantile(0.3, 1, 1), 0.3, 1e-14);
  EXPECT_NEAR(beta_quantile(0.5, 3, 3), 0.5, 1e-14);
  for (const double p : {0.02, 0.3, 0.77}) {
    double tail = 0;  // P(X ≥ 4) of 9
    for (int64_t k = 4; k <= 9; ++k) {
      tail +=
          std::exp(std::lgamma(10.0) - std::lgamma(k + 1.0) - std::lgamma(10.0 - static_cast<double>(k))) *
          std::pow(p, k) * std::pow(1 - p, 9 - k);
    }
    EXPECT_NEAR(beta_quantile(tail, 4, 6), p, 1e-12) << p;
  }
}

TEST(ClopperPearson, IsExactAtTheEnds) {
  EXPECT_EQ(clopper_pearson(0, 20).low, 0);
  EXPECT_EQ(clopper_pearson(20, 20).high, 1);
  EXPECT_NEAR(clopper_pearson(20, 20).low, std::pow(0.025, 1.0 / 20), 1e-12);
  EXPECT_NEAR(clopper_pearson(0, 20).high, 1 - std::pow(0.025, 1.0 / 20), 1e-12);
}

TEST(ClopperPearson, IsThatOfTheTables) {
  EXPECT_NEAR(clopper_pearson(5, 10).low, 0.18709, 1e-5);
  EXPECT_NEAR(clopper_pearson(5, 10).high, 0.81291, 1e-5);
  EXPECT_NEAR(clopper_pearson(50, 200).low, 0.19160, 2e-4);
}

TEST(Chance, ComparesWithTheMostFrequentLabel) {
  EXPECT_EQ(chance(160, 200, 4).skill, Skill::kAboveChance);
  const Chance at = chance(50, 200, 4);
  EXPECT_EQ(at.skill, Skill::kAtChance);
  EXPECT_EQ(at.constant_share(), 0.25);
  EXPECT_THAT(at.sentence,
              StartsWith("Not distinguishable from chance: 50 of 200 labelled videos right, 25.0 %"));
  EXPECT_THAT(at.sentence, HasSubstr("would get 25.0 %"));
  EXPECT_EQ(chance(0, 200, 4).skill, Skill::kAtChance);
  ChanceSums constant;  // 80 % right by one answer
  for (int64_t i = 0; i < 100; ++i) constant.add(i < 80 ? 7 : i % 3, 7);
  const Chance c = constant.result();
  EXPECT_EQ(c.skill, Skill::kAtChance);
  EXPECT_EQ(c.most_frequent_label, 7);
  EXPECT_THAT(c.never_predicted, ElementsAre(0, 1, 2));
  EXPECT_THAT(c.sentence, HasSubstr("gives one class to every video"));
}

TEST(Chance, OfFewVideosIsNotClaimed) {
  EXPECT_EQ(chance(6, 6, 6).skill, Skill::kAboveChance);
  const Chance three = chance(3, 6, 6);
  EXPECT_EQ(three.skill, Skill::kCantTell);
  EXPECT_THAT(three.sentence, StartsWith("Can't tell from 6 videos"));
  EXPECT_EQ(chance(3, 3, 3).skill, Skill::kCantTell);
  EXPECT_EQ(chance(40, 40, 1).skill, Skill::kCantTell);
  EXPECT_THAT(chance(40, 40, 1).sentence, HasSubstr("one label"));
  ChanceSums unlabelled;
  unlabelled.add(-1, 3);
  EXPECT_EQ(unlabelled.result().skill, Skill::kUnknown);
  EXPECT_EQ(ChanceSums().result().skill, Skill::kUnknown);
}

}  // namespace
}  // namespace relevid::statistics
