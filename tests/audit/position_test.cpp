// SPDX-License-Identifier: Apache-2.0
#include "audit/position.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "audit/statistics.h"
#include "made_up.h"
#include "support/scratch.h"

namespace relevid::audit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::intervals;
using ::testing::Not;
using testing::source_of;
using testing::uniform_profile;
using testing::Videos;

constexpr int64_t kSteps = 4;

/// Scores from 1 to 9; positions take 0.10 of the score at the first step, `border` more there and at the
/// last than at the others, with noise that differs between videos.
run::PositionFinding finding(Random& random, double border, double unit) {
  const double start = unit * (1 + 8 * random.unit());
  run::PositionFinding position{start, {}, {}, {0, 0}, 2};
  for (int64_t s = 0; s < kSteps; ++s) {
    const bool at_border = s == 0 || s == kSteps - 1;
    position.by_time.push_back(start * (0.1 + (at_border ? border : 0) + testing::skewed(random, 0.02)));
    position.content.push_back(start * 0.15);
    position.by_place[static_cast<size_t>(s % 2)] += position.by_time.back();
  }
  return position;
}

Videos some(int64_t count, double border = 0.05, double unit = 1) {
  Random random(5);
  Videos videos;
  for (int64_t i = 0; i < count; ++i) {
    videos.push_back(testing::video(i, i % 2, 1));
    videos.back().by_condition[0] = testing::observation(uniform_profile(8), i % 2, true);
    videos.back().by_condition[0]->position = finding(random, border, unit);
  }
  return videos;
}

Statistics of(const Videos& videos) {
  StatisticsOptions options;
  options.replicates = 400;
  return analyse(source_of(videos), intervals({1}), options);
}

PositionEstimate position_of(const Videos& videos) {
  return *of(videos).conditions[0].position;
}

TEST(Position, IsTheShareOfAllVideosScores) {
  const Videos videos = some(40);
  const PositionEstimate found = position_of(videos);
  double start = 0, total = 0, first = 0, left = 0;
  for (const auto& video : videos) {
    const run::PositionFinding& position = *video.by_condition[0]->position;
    start += position.start;
    first += position.by_time[0];
    left += position.by_place[0];
    for (const double taken : position.by_time) total += taken;
  }
  EXPECT_EQ(found.videos, 40);
  EXPECT_NEAR(found.share.value, total / start, 1e-7);
  EXPECT_NEAR(found.by_time.at(0).value, first / start, 1e-7);
  EXPECT_NEAR(found.content.value, kSteps * 0.15, 1e-7);
  EXPECT_NEAR(found.content_by_time.at(2).value, 0.15, 1e-7);
  EXPECT_NEAR(found.by_place.at(0), left / start, 1e-7);
  EXPECT_EQ(found.columns, 2);
}

TEST(Position, HasIntervalsThatHoldTheTruth) {
  const PositionEstimate found = position_of(some(300));
  const auto holds = [](const statistics::Estimate& estimate, double truth) {
    EXPECT_TRUE(estimate.reliable());
    EXPECT_LT(estimate.low, truth);
    EXPECT_GT(estimate.high, truth);
    EXPECT_LT(estimate.high - estimate.low, 0.02);
  };
  holds(found.share, 4 * 0.1 + 2 * 0.05);
  holds(found.by_time.at(1), 0.1);
  holds(found.by_time.at(3), 0.15);
  EXPECT_EQ(found.k, 1);
  holds(*found.border_over_others, 0.05);
  EXPECT_THAT(sentence_of(found), HasSubstr("At the first and the last step in time they take more"));
}

TEST(Position, SaysWhichWayTheBorderGoesOnlyWhereTheVideosTell) {
  EXPECT_THAT(sentence_of(position_of(some(300, -0.05))), HasSubstr("take less than at the others: -"));
  EXPECT_THAT(sentence_of(position_of(some(300, 0))), HasSubstr("these videos can't tell"));
  EXPECT_THAT(sentence_of(position_of(some(5))),
              AllOf(HasSubstr("can't tell"), HasSubstr("From 5 videos, too few to be trusted")));
  EXPECT_THAT(sentence_of(position_of(some(300))), Not(HasSubstr("too few")));
}

TEST(Position, IsTheSameToTheBitInAnyOrderAndUnit) {
  Videos videos = some(50);
  const PositionEstimate before = position_of(videos);
  std::ranges::reverse(videos);
  const PositionEstimate after = position_of(videos);
  EXPECT_EQ(before.share.value, after.share.value);
  EXPECT_EQ(before.by_time.at(1).low, after.by_time.at(1).low);
  EXPECT_EQ(before.by_place, after.by_place);
  for (const double unit : {4096.0, 1.0 / 4096})
    EXPECT_EQ(position_of(some(50, 0.05, unit)).share.value, before.share.value) << unit;
}

TEST(Position, OfAVideoWithoutAScoreCountsForNothing) {
  Videos videos = some(12);
  const double before = position_of(videos).share.value;
  videos[3].by_condition[0]->position = run::PositionFinding{0, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0}, 2};
  Videos without = videos;
  without.erase(without.begin() + 3);
  EXPECT_EQ(position_of(videos).share.value, position_of(without).share.value);
  EXPECT_NE(position_of(videos).share.value, before);
}

TEST(Position, IsLeftOutWhereNoVideoHasIt) {
  Videos videos = some(12);
  videos[0].by_condition[0]->position.reset();
  EXPECT_EQ(position_of(videos).videos, 11);
  for (auto& video : videos) video.by_condition[0]->position.reset();
  EXPECT_FALSE(of(videos).conditions[0].position);
}

TEST(Position, RefusesWhatMakesNoSense) {
  const auto refusal = [](const std::function<void(run::PositionFinding&)>& change) {
    Videos videos = some(3);
    change(*videos[2].by_condition[0]->position);
    return relevid::testing::message_of(ErrorKind::kInvalidArgument, [&] { of(videos); });
  };
  EXPECT_THAT(refusal([](auto& p) { p.by_time.pop_back(); }), HasSubstr("positions of 3 steps"));
  EXPECT_THAT(refusal([](auto& p) { p.content.pop_back(); }), HasSubstr("positions of 4 steps"));
  EXPECT_THAT(refusal([](auto& p) { p.by_place.push_back(0); }), HasSubstr("3 places"));
  EXPECT_THAT(refusal([](auto& p) { p.start = -1; }), HasSubstr("a score of -1"));
  EXPECT_THAT(refusal([](auto& p) { p.by_time[1] = std::nan(""); }), HasSubstr("positions take nan"));
}

TEST(FramesOfStep, AreThoseWhoseStepItIs) {
  for (const auto& [frames, steps] :
       std::vector<std::pair<int64_t, int64_t>>{{16, 8}, {16, 16}, {10, 4}, {7, 3}}) {
    for (int64_t t = 0; t < frames; ++t) {
      const auto [first, end] = frames_of_step(t * steps / frames, steps, frames);
      EXPECT_LE(first, t);
      EXPECT_LT(t, end);
    }
    EXPECT_EQ(frames_of_step(steps - 1, steps, frames).second, frames);
  }
}

}  // namespace
}  // namespace relevid::audit
