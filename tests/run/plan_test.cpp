// SPDX-License-Identifier: Apache-2.0
#include "run/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/scratch.h"

namespace relevid::run {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;

VideoInfo video_of(int64_t frames, double fps = 25) {
  VideoInfo info;
  info.frame_count = frames;
  info.fps = fps;
  for (int64_t i = 0; i < frames; ++i) info.pts_seconds.push_back(static_cast<double>(i) / fps);
  return info;
}

PlanOptions plan_of(std::vector<int64_t> intervals, std::vector<AuditControl> controls = {}) {
  PlanOptions options;
  options.sampling.clip_len = 4;
  options.sampling.num_clips = 2;
  options.intervals = std::move(intervals);
  options.controls = std::move(controls);
  options.shift_frames = 1;
  return options;
}

/// The frames of the clips under one condition.
std::vector<std::vector<int64_t>> frames_of(const std::vector<PlannedClip>& clips, int64_t condition) {
  std::vector<std::vector<int64_t>> frames;
  for (const PlannedClip& clip : clips)
    if (clip.condition == condition) frames.push_back(clip.frame_indices);
  return frames;
}

TEST(Plan, EveryIntervalHasItsClips) {
  const auto clips = plan_video(plan_of({1, 3}), video_of(12), "a");
  EXPECT_THAT(frames_of(clips, 0), ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(8, 9, 10, 11)));
  EXPECT_THAT(frames_of(clips, 1), ElementsAre(ElementsAre(0, 3, 6, 9), ElementsAre(2, 5, 8, 11)));
  EXPECT_EQ(clips[1].offset, 8);
  EXPECT_EQ(clips[1].number, 1);
}

TEST(Plan, AnIntervalFitsWhereItsClipDoes) {
  EXPECT_EQ(frames_of(plan_video(plan_of({1, 3}), video_of(10), "a"), 1).size(), 2);
  EXPECT_THAT(frames_of(plan_video(plan_of({1, 3}), video_of(9), "a"), 1), IsEmpty());
  EXPECT_THAT(plan_video(plan_of({1, 3}), video_of(3), "a"), IsEmpty());
}

TEST(Plan, TheModelsOwnRateAndIntervalPlayNoPart) {
  PlanOptions options = plan_of({2});
  options.base_interval = 2;
  options.sampling.target_fps = 5;
  options.sampling.frame_interval = 7;
  options.sampling.num_clips = 1;
  EXPECT_THAT(frames_of(plan_video(options, video_of(7), "a"), 0), ElementsAre(ElementsAre(0, 2, 4, 6)));
}

TEST(Plan, AStrideTakesAllClips) {
  PlanOptions options = plan_of({1});
  options.sampling.stride = 4;
  EXPECT_THAT(frames_of(plan_video(options, video_of(10), "a"), 0),
              ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7), ElementsAre(6, 7, 8, 9)));
}

TEST(Plan, ControlsAreMadeFromAMiddleClipOfTheBaseInterval) {
  PlanOptions options =
      plan_of({1, 2}, {AuditControl::kNullProfile, AuditControl::kRandomWeights, AuditControl::kFrozen,
                       AuditControl::kReversed, AuditControl::kShifted, AuditControl::kSecondMethod});
  options.base_interval = 2;
  options.sampling.num_clips = 3;
  const auto clips = plan_video(options, video_of(20), "a");
  EXPECT_THAT(frames_of(clips, 1)[1], ElementsAre(6, 8, 10, 12));
  EXPECT_THAT(frames_of(clips, 2), IsEmpty());  // the null profile is of no clip
  EXPECT_THAT(frames_of(clips, 3), ElementsAre(ElementsAre(6, 8, 10, 12)));
  EXPECT_THAT(frames_of(clips, 4), ElementsAre(ElementsAre(10, 10, 10, 10)));
  EXPECT_THAT(frames_of(clips, 5), ElementsAre(ElementsAre(12, 10, 8, 6)));
  EXPECT_THAT(frames_of(clips, 6), ElementsAre(ElementsAre(7, 9, 11, 13)));
  EXPECT_EQ(clips[clips.size() - 2].offset, 7);
  EXPECT_THAT(frames_of(clips, 7), ElementsAre(ElementsAre(6, 8, 10, 12)));
  EXPECT_EQ(clips.back().number, 1);
}

TEST(Plan, ControlsAreSpreadOverTheClips) {
  PlanOptions options = plan_of({1}, {AuditControl::kRandomWeights});
  options.sampling.num_clips = 8;
  options.control_clips = 2;
  const auto clips = plan_video(options, video_of(40), "a");
  EXPECT_EQ(clips[8].number, 1);
  EXPECT_EQ(clips[9].number, 5);
  options.control_clips = 100;
  EXPECT_EQ(frames_of(plan_video(options, video_of(40), "a"), 1).size(), 8);
}

TEST(Plan, AClipAtTheEndIsNotShifted) {
  PlanOptions options = plan_of({1}, {AuditControl::kShifted});
  options.sampling.num_clips = 1;
  EXPECT_THAT(frames_of(plan_video(options, video_of(4), "a"), 1), IsEmpty());
  EXPECT_THAT(frames_of(plan_video(options, video_of(5), "a"), 1), ElementsAre(ElementsAre(1, 2, 3, 4)));
}

TEST(Plan, ShufflingDependsOnSeedVideoAndClipAlone) {
  PlanOptions options = plan_of({1}, {AuditControl::kShuffled});
  options.sampling.clip_len = 16;
  options.sampling.num_clips = 2;
  options.control_clips = 2;
  const auto shuffled = [&](const char* name) {
    return frames_of(plan_video(options, video_of(17), name), 1);
  };
  const auto first = shuffled("a");
  EXPECT_EQ(first, shuffled("a"));
  EXPECT_NE(first, shuffled("b"));
  EXPECT_NE(first[0][0], first[1][0] - 1);  // the second clip starts one frame later
  auto sorted = first[0];
  std::ranges::sort(sorted);
  EXPECT_TRUE(std::ranges::includes(
      sorted, std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  options.seed = 2;
  EXPECT_NE(first, shuffled("a"));
}

TEST(Plan, ResamplesBeforeIntervalsAreTaken) {
  PlanOptions options = plan_of({1, 2});
  options.sampling.num_clips = 1;
  options.fps = 12.5;
  const auto clips = plan_video(options, video_of(13), "a");  // 7 frames at half the rate
  EXPECT_THAT(frames_of(clips, 0), ElementsAre(ElementsAre(2, 4, 6, 8)));
  EXPECT_THAT(frames_of(clips, 1), ElementsAre(ElementsAre(0, 4, 8, 12)));
  EXPECT_EQ(clips[0].offset, 1);
}

TEST(FramesAtRate, TakesTheNearestInTime) {
  EXPECT_THAT(frames_at_rate(std::vector<double>{0.5, 0.54, 0.58, 0.62}, 25), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(frames_at_rate(std::vector<double>{0, 0.1, 0.2}, 20), ElementsAre(0, 0, 1, 1, 2));
  EXPECT_THAT(frames_at_rate(std::vector<double>{0, 0.06, 0.1, 0.35, 0.4}, 10), ElementsAre(0, 2, 2, 3, 4));
  EXPECT_THAT(frames_at_rate(std::vector<double>{0.2, 0, 0.1}, 10), ElementsAre(1, 2, 0));  // out of order
  EXPECT_THAT(frames_at_rate(std::vector<double>{3}, 10), ElementsAre(0));
  EXPECT_THAT(frames_at_rate({}, 10), IsEmpty());
  message_of(ErrorKind::kResourceLimit, [] { frames_at_rate(std::vector<double>{0, 1e9}, 1000); });
}

TEST(Plan, OptionsThatMakeNoSenseAreRefused) {
  const auto refused = [](PlanOptions options) {
    return message_of(ErrorKind::kInvalidArgument, [&] { require_valid(options); });
  };
  EXPECT_NO_THROW(require_valid(plan_of({1, 2})));
  refused(plan_of({}));
  EXPECT_THAT(refused(plan_of({2, 1})), HasSubstr("2,1"));
  refused(plan_of({0, 1}));
  refused(plan_of({1, 1, 2}));
  EXPECT_THAT(refused(plan_of({2, 3})), HasSubstr("base interval 1"));
  PlanOptions options = plan_of({1});
  options.fps = 0;
  refused(options);
  options = plan_of({1});
  options.control_clips = 0;
  refused(options);
  options = plan_of({1});
  options.shift_frames = 0;
  refused(options);
}

TEST(Plan, ConditionsListIntervalsThenControls) {
  PlanOptions options = plan_of({1, 2}, {AuditControl::kFrozen, AuditControl::kShifted});
  options.base_interval = 2;
  options.shift_frames = 3;
  EXPECT_THAT(conditions_of(options),
              ElementsAre(Condition{std::nullopt, 1, 0}, Condition{std::nullopt, 2, 0},
                          Condition{AuditControl::kFrozen, 2, 0}, Condition{AuditControl::kShifted, 2, 3}));
  EXPECT_EQ(parse_control("random_weights"), AuditControl::kRandomWeights);
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [] { parse_control("frozn"); }),
              HasSubstr("'frozen'?"));
}

}  // namespace
}  // namespace relevid::run
