// SPDX-License-Identifier: Apache-2.0
#include "tune/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace relevid::tune {
namespace {

/// Remembers what it is asked.
struct Objective {
  std::function<double(const Setting&)> value;
  std::vector<std::vector<Setting>> asked = {};

  ScoreSettings function() {
    return [this](std::span<const Setting> settings) {
      asked.emplace_back(settings.begin(), settings.end());
      std::vector<double> scores;
      for (const Setting& setting : settings) scores.push_back(value(setting));
      return scores;
    };
  }
  std::set<Setting> different() const {
    std::set<Setting> all;
    for (const auto& call : asked) all.insert(call.begin(), call.end());
    return all;
  }
};

double value_of(std::optional<double> gamma) {
  return gamma.value_or(-1);
}

TEST(Search, FindsTheBestOfEachGroupAndStopsWhenNothingChanges) {
  const Space space{{{0, 0.1, 0.5}, {0, 0.1, 0.5}, {0, 0.1, 0.5}}, 5};
  Objective objective{[](const Setting& s) {
    return -std::abs(value_of(s[0]) - 0.1) - std::abs(value_of(s[1]) - 0.5) - std::abs(value_of(s[2]) + 1);
  }};
  const Found found = search(space, objective.function());
  EXPECT_EQ(found.best, (Setting{0.1, 0.5, std::nullopt}));
  // Three groups in the first round; in the second the first, after which all three have stood still.
  EXPECT_EQ(objective.asked.size(), 4U);
  EXPECT_LE(static_cast<int64_t>(objective.different().size()), largest_size(space).settings);
}

TEST(Search, MovesOneGroupAtATimeFromThePresetsOwn) {
  const Space space{{{0, 1}, {0.25}}, 1};
  Objective objective{[](const Setting& s) { return value_of(s[0]) + value_of(s[1]); }};
  const Found found = search(space, objective.function());
  ASSERT_EQ(objective.asked.size(), 2U);
  EXPECT_EQ(objective.asked[0],
            (std::vector<Setting>{{std::nullopt, std::nullopt}, {0, std::nullopt}, {1, std::nullopt}}));
  EXPECT_EQ(objective.asked[1], (std::vector<Setting>{{1, std::nullopt}, {1, 0.25}}));
  ASSERT_EQ(found.tried.size(), 5U);
  EXPECT_EQ(found.tried[2].gamma, 1);
  EXPECT_TRUE(found.tried[2].taken);
  EXPECT_FALSE(found.tried[0].taken);
  EXPECT_EQ(found.tried[3].group, 1U);
  EXPECT_EQ(found.tried[3].gamma, std::nullopt);
}

/// Where two groups act together the second round corrects what the first could not know.
TEST(Search, LooksAgainAtAGroupAfterTheOthersChanged) {
  const Space space{{{0, 1}, {0, 1}}, 3};
  Objective objective{[](const Setting& s) {
    if (s == Setting{1, 1}) return 3.0;
    return (s[0] == 0 ? 1.0 : 0.0) + (s[1] == 1 ? 1.5 : 0.0);
  }};
  EXPECT_EQ(search(space, objective.function()).best, (Setting{1, 1}));
  EXPECT_NE(search({space.gammas, 1}, objective.function()).best, (Setting{1, 1}));
}

TEST(Search, KeepsWhatIsThereWhereNothingIsBetter) {
  const Space space{{{0, 0.5}, {0, 0.5}}, 4};
  Objective objective{[](const Setting&) { return 0.25; }};
  const Found found = search(space, objective.function());
  EXPECT_EQ(found.best, Setting(2));
  EXPECT_EQ(objective.asked.size(), 2U);
}

TEST(Search, NamesSettings) {
  EXPECT_EQ(to_string(Setting{std::nullopt, 0, 0.05}), "own, 0, 0.05");
}

}  // namespace
}  // namespace relevid::tune
