// SPDX-License-Identifier: Apache-2.0
#include "train/collapse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "relevid/error.h"
#include "support/scratch.h"
#include "train/history.h"

namespace relevid::train {
namespace {

using Reason = Restart::Reason;
using ::testing::HasSubstr;

constexpr double kChance = 1.4;

std::vector<EpochResult> with_losses(const std::vector<double>& losses) {
  std::vector<EpochResult> epochs;
  for (const double loss : losses) {
    EpochResult epoch;
    epoch.epoch = std::ssize(epochs) + 1;
    epoch.loss = loss;
    epochs.push_back(epoch);
  }
  return epochs;
}

EpochResult validated(double loss, int64_t videos_right, int64_t clips_right) {
  EpochResult epoch;
  epoch.epoch = 3;
  epoch.loss = loss;
  epoch.validation = Accuracy{40, clips_right, 20, videos_right};
  return epoch;
}

TEST(ChanceLoss, IsTheEntropyOfTheSmoothedLabels) {
  EXPECT_NEAR(chance_loss(std::vector<int64_t>{5, 5, 5, 5}, 0), std::log(4), 1e-12);
  EXPECT_NEAR(chance_loss(std::vector<int64_t>{3, 1}, 0), -0.75 * std::log(0.75) - 0.25 * std::log(0.25),
              1e-12);
  EXPECT_EQ(chance_loss(std::vector<int64_t>{7, 0}, 0), 0);
  EXPECT_NEAR(chance_loss(std::vector<int64_t>{3, 1}, 0.2), -0.7 * std::log(0.7) - 0.3 * std::log(0.3),
              1e-12);
}

TEST(Collapse, IsALossThatGoesBackToChance) {
  EXPECT_EQ(collapse_of(with_losses({1.39, 1.2, 1.0}), false, kChance, 5), std::nullopt);
  EXPECT_EQ(collapse_of(with_losses({1.39, 1.2, 1.395}), false, kChance, 5), Reason::kFellBack);
  EXPECT_EQ(collapse_of(with_losses({1.39, 1.37, 1.395}), false, kChance, 5), std::nullopt)
      << "1.37 had not left chance clearly";
  EXPECT_EQ(collapse_of(with_losses({1.5}), true, kChance, 5), Reason::kFellBack)
      << "the attempt began with a state that had left it";
}

TEST(Collapse, IsALossThatNeverLeavesChance) {
  EXPECT_EQ(collapse_of(with_losses({1.6, 1.4, 1.4, 1.4}), false, kChance, 5), std::nullopt);
  EXPECT_EQ(collapse_of(with_losses({1.6, 1.4, 1.4, 1.4, 1.4}), false, kChance, 5), Reason::kNeverLeft);
  EXPECT_EQ(collapse_of(with_losses({1.6, 1.4, 1.4, 1.38, 1.38}), false, kChance, 5), std::nullopt);
  EXPECT_EQ(collapse_of(with_losses({}), false, kChance, 5), std::nullopt);
}

TEST(KeptState, IsTheOneWithMostVideosThenMostClipsRight) {
  EXPECT_TRUE(is_better(validated(1, 12, 20), validated(0.5, 11, 30)));
  EXPECT_TRUE(is_better(validated(1, 12, 21), validated(0.5, 12, 20)));
  EXPECT_FALSE(is_better(validated(1, 12, 20), validated(1, 12, 20)));
  EXPECT_TRUE(is_better(with_losses({0.9})[0], with_losses({1.0})[0]));
}

TEST(KeptState, AtChanceByItsLossOrByItsValidation) {
  EXPECT_EQ(at_chance(validated(1, 12, 20), kChance, 6), std::nullopt);
  EXPECT_THAT(at_chance(validated(1.39, 12, 20), kChance, 6).value_or(""), HasSubstr("gives 1.400"));
  EXPECT_THAT(at_chance(validated(0.1, 6, 20), kChance, 6).value_or(""),
              HasSubstr("6 of 20 validation videos right"));
}

TEST(History, AnEpochIsReadBackAsItWasWritten) {
  EpochResult epoch = validated(1.25, 12, 20);
  epoch.gradient_norm = 2.5;
  epoch.attempt = 2;
  epoch.restart = Restart{Reason::kNeverLeft, 0, 0.09};
  const EpochResult back = epoch_from_json(to_json(epoch));
  EXPECT_EQ(to_json(back), to_json(epoch));
  EXPECT_EQ(back.restart->reason, Reason::kNeverLeft);
  EXPECT_EQ(back.validation->videos_right, 12);
  testing::message_of(ErrorKind::kCorruptInput, [] { epoch_from_json("{}"); });
}

TEST(History, TheLogMarksTheKeptEpoch) {
  const std::string log = log_of(with_losses({1.2, 1.1}), 1);
  EXPECT_EQ(std::ranges::count(log, '\n'), 2);
  EXPECT_GT(log.find("\"kept\":true"), log.find('\n'));
  EXPECT_EQ(log.find("\"kept\""), log.rfind("\"kept\""));
}

}  // namespace
}  // namespace relevid::train
