// SPDX-License-Identifier: Apache-2.0
#include "audit/second_method.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/statistics.h"
#include "made_up.h"

namespace relevid::audit {

namespace {

using ::testing::HasSubstr;
using testing::observation;
using testing::source_of;
using testing::Videos;
using testing::with_border;

const std::vector<double> kNull{0.06, 0.11, 0.15, 0.18, 0.18, 0.15, 0.11, 0.06};

/// Videos whose border has `first` times the null profile's by the audit's method and `second` times by the
/// other, each with noise.
Statistics statistics(double first, double second, int64_t count = 60) {
  Random random(7);
  Videos videos;
  for (int64_t i = 0; i < count; ++i) {
    auto one = testing::video(i, 0, 2);
    one.by_condition[0] = observation(with_border(kNull, first + testing::skewed(random, 0.05)), 0, true);
    one.by_condition[1] = observation(with_border(kNull, second + testing::skewed(random, 0.05)), 0, true);
    videos.push_back(std::move(one));
  }
  StatisticsOptions options;
  options.replicates = 500;
  options.null_profile = kNull;
  return analyse(source_of(videos), {{std::nullopt, 1, 0}, {AuditControl::kSecondMethod, 1, 0}}, options);
}

std::string sentence(const Statistics& found) {
  return sentence_of(*found.second_method, "epsilon_plus_flat", "deep_taylor");
}

TEST(SecondMethod, AgreesWhereBothFindTheSameEffect) {
  const Statistics both = statistics(1.5, 1.3);
  ASSERT_TRUE(both.second_method);
  EXPECT_EQ(both.second_method->agreement, SecondMethod::Agreement::kSame);
  EXPECT_NEAR(both.second_method->verdict.excess->value, 1.3, 0.05);
  EXPECT_THAT(sentence(both),
              HasSubstr("The verdict rests on epsilon_plus_flat. A second method, deep_taylor, "
                        "agrees: 1.29"));
  EXPECT_EQ(statistics(0.8, 0.7).second_method->agreement, SecondMethod::Agreement::kSame);
}

TEST(SecondMethod, DisagreesWhereTheyFindOppositeOnes) {
  const Statistics apart = statistics(1.5, 0.8);
  ASSERT_TRUE(apart.second_method);
  EXPECT_EQ(apart.second_method->agreement, SecondMethod::Agreement::kOther);
  EXPECT_THAT(sentence(apart), HasSubstr("disagrees: it finds no border effect, 0.79"));
}

TEST(SecondMethod, SaysWhatItFindsAloneWhereOneDoesNotDecide) {
  const Statistics open = statistics(1.05, 1.3);
  ASSERT_TRUE(open.second_method);
  EXPECT_EQ(open.verdict.effect, BorderEffect::kCantTell);
  EXPECT_EQ(open.second_method->agreement, SecondMethod::Agreement::kOpen);
  EXPECT_THAT(sentence(open), HasSubstr("A second method, deep_taylor, alone finds a border effect: 1.29"));
}

TEST(SecondMethod, IsNoControlOfTheBorder) {
  EXPECT_TRUE(statistics(1.5, 1.3).controls.border.empty());
}

TEST(SecondMethod, IsNotThereWithoutItsClipsOrWithoutAVerdict) {
  Verdict verdict;
  EXPECT_FALSE(second_method({}, verdict));
  Statistics found = statistics(1.5, 1.3);
  Verdict withheld = found.verdict;
  withhold(withheld, {});
  EXPECT_FALSE(second_method(found.conditions, withheld));
}

}  // namespace
}  // namespace relevid::audit
