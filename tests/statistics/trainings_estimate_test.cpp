// SPDX-License-Identifier: Apache-2.0
#include "statistics/trainings_estimate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "statistics/distributions.h"

namespace relevid::statistics {
namespace {

/// [training][video] values; training r has the videos from r · shift.
std::vector<TrainingValues> trainings(const std::vector<std::vector<double>>& values, size_t shift = 0) {
  std::vector<TrainingValues> all;
  for (size_t r = 0; r < values.size(); ++r) {
    TrainingValues& one = all.emplace_back();
    for (size_t v = 0; v < values[r].size(); ++v) one.emplace_back(v + r * shift, values[r][v]);
  }
  return all;
}

/// A value for each of `n` videos under three trainings: training + video + a pattern that neither has.
std::vector<std::vector<double>> table(size_t n, double of_training, double of_video, double rest) {
  std::vector<std::vector<double>> values(3);
  for (size_t r = 0; r < 3; ++r) {
    for (size_t v = 0; v < n; ++v) {
      const double sign = v % 2 == 0 ? 1 : -1, other = (v / 2) % 2 == r % 2 ? 1 : -1;
      values[r].push_back(2 + of_training * (static_cast<double>(r) - 1) + of_video * sign + rest * other);
    }
  }
  return values;
}

TEST(OverTrainings, TheMeanCountsEveryTrainingOnce) {
  const TrainingsEstimate e = over_trainings(trainings({{1, 1, 1, 1}, {2}, {6, 6}}, 10), Guard::kNone);
  EXPECT_DOUBLE_EQ(e.value, 3);
  EXPECT_EQ(e.trainings, 3);
  EXPECT_EQ(e.videos, 7);
  EXPECT_DOUBLE_EQ(e.deviation, std::sqrt(7));
}

TEST(OverTrainings, WhereVideosAddNothingItIsStudentsIntervalOfTheTrainings) {
  for (const size_t shift : {0, 100}) {
    const TrainingsEstimate e = over_trainings(trainings(table(40, 0.5, 0, 0), shift), Guard::kNone);
    EXPECT_NEAR(e.standard_error, 0.5 / std::sqrt(3), 1e-12);
    EXPECT_NEAR(e.high - e.value, student_quantile(kUpperLevel, 2) * 0.5 / std::sqrt(3), 1e-9);
    EXPECT_NEAR(e.value - e.low, e.high - e.value, 1e-12);
  }
}

TEST(OverTrainings, SharedVideosWeighAsOftenAsTheyAreDifferent) {
  // All trainings see the same 40 videos, and agree on them: three trainings know no more than one.
  const TrainingsEstimate shared = over_trainings(trainings(table(40, 0, 0.5, 0)), Guard::kNone);
  const double error = 0.5 * std::sqrt(1.0 / 39);
  EXPECT_NEAR(shared.standard_error, error, 1e-12);
  EXPECT_NEAR(shared.high - shared.value, student_quantile(kUpperLevel, 39) * error, 1e-9);
  EXPECT_EQ(shared.videos, 40);
  // With videos of their own they know as much as 120 videos do.
  const TrainingsEstimate own = over_trainings(trainings(table(40, 0, 0.5, 0), 100), Guard::kNone);
  EXPECT_NEAR(own.standard_error, error / std::sqrt(3), 1e-12);
  EXPECT_EQ(own.videos, 120);
}

TEST(OverTrainings, AnIntervalIsNeverNarrowerThanThatOfEqualTrainings) {
  // The trainings' means agree by luck, although each is uncertain.
  const TrainingsEstimate e = over_trainings(trainings(table(40, 0, 0.5, 0), 100), Guard::kNone);
  EXPECT_DOUBLE_EQ(e.deviation, 0);
  EXPECT_NEAR(e.high - e.value, student_quantile(kUpperLevel, 119) * e.standard_error, 1e-9);
}

TEST(OverTrainings, CopiesOfAVideoAreOneVideo) {
  std::vector<TrainingValues> once = trainings(table(40, 0.1, 0.5, 0.2)), twice = once;
  for (size_t r = 0; r < 3; ++r) twice[r].insert(twice[r].end(), once[r].begin(), once[r].end());
  const TrainingsEstimate a = over_trainings(once, Guard::kNone), b = over_trainings(twice, Guard::kNone);
  EXPECT_EQ(a.videos, b.videos);
  EXPECT_NEAR(a.low, b.low, 1e-12);
  EXPECT_NEAR(a.high, b.high, 1e-12);
}

TEST(OverTrainings, TheOrderOfTrainingsAndVideosDoesNotMatter) {
  std::vector<TrainingValues> values = trainings(table(40, 0.1, 0.5, 0.2), 20), turned = values;
  std::reverse(turned.begin(), turned.end());
  for (TrainingValues& one : turned) std::reverse(one.begin(), one.end());
  const TrainingsEstimate a = over_trainings(values, Guard::kNone), b = over_trainings(turned, Guard::kNone);
  EXPECT_NEAR(a.low, b.low, 1e-12);
  EXPECT_NEAR(a.high, b.high, 1e-12);
}

TEST(OverTrainings, FromFewerThanThreeThereIsAValueAndNoInterval) {
  const auto values = trainings({{0.9, 0.8, 1}, {0.7, 0.6, 0.8}});
  const TrainingsEstimate two = over_trainings(values, Guard::kProportion);
  EXPECT_NEAR(two.value, 0.8, 1e-12);
  EXPECT_FALSE(two.has_interval());
  EXPECT_FALSE(two.reliable());
  EXPECT_EQ(over_trainings({}, Guard::kNone).trainings, 0);
  EXPECT_TRUE(std::isnan(over_trainings({}, Guard::kNone).value));
}

TEST(OverTrainings, ATrainingWithoutAValueIsNone) {
  std::vector<TrainingValues> values = trainings(table(20, 0.1, 0.2, 0));
  const TrainingsEstimate without = over_trainings(values, Guard::kNone);
  values.emplace_back();
  const TrainingsEstimate with = over_trainings(values, Guard::kNone);
  EXPECT_EQ(with.trainings, 3);
  EXPECT_EQ(with.high, without.high);
}

TEST(OverTrainings, AllRightIsNotCertain) {
  // 50 of 50 videos right in one training: Clopper and Pearson's limit is 0.929; 0.976 for 150 of 150.
  const std::vector<std::vector<double>> right(3, std::vector<double>(50, 1));
  const TrainingsEstimate shared = over_trainings(trainings(right), Guard::kProportion);
  EXPECT_EQ(shared.value, 1);
  EXPECT_EQ(shared.high, 1);
  EXPECT_NEAR(shared.low, (51 - student_quantile(kUpperLevel, 49)) / 52, 1e-12);  // 0.942
  const TrainingsEstimate own = over_trainings(trainings(right, 100), Guard::kProportion);
  EXPECT_NEAR(own.low, 0.976, 0.006);
  EXPECT_EQ(own.high, 1);
}

TEST(OverTrainings, IntervalsOfGainsStayWithinWhatIsPossible) {
  const TrainingsEstimate e =
      over_trainings(trainings({{1, 1, 1, 0}, {1, 1, -1, 1}, {0, 1, 1, 1}}), Guard::kDifference);
  EXPECT_LE(e.high, 1);
  EXPECT_GE(e.low, -1);
  EXPECT_FALSE(e.reliable()) << "four videos";
}

}  // namespace
}  // namespace relevid::statistics
