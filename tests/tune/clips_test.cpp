// SPDX-License-Identifier: Apache-2.0
#include "tune/clips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "relevid/error.h"
#include "run/small_dataset.h"

namespace relevid::tune {
namespace {

using statistics::Half;
using testing::make_dataset;
using testing::message_of;
using testing::ScratchFolder;

run::FeedOptions one_clip() {
  run::FeedOptions feed = testing::small_feed();
  feed.plan.sampling.num_clips = 1;
  feed.plan.intervals = {1};
  feed.plan.controls = {};
  return feed;
}

std::set<std::string> contents(const TuningClips& clips, Half half) {
  std::set<std::string> all;
  for (const TuningClip& clip : clips.clips)
    if (clip.half == half) all.insert(clip.video.sha256);
  return all;
}

TEST(TuningClips, HalvesShareNoVideoAndHaveEveryClass) {
  const ScratchFolder folder;
  const DataSet data = make_dataset(folder, std::vector<int64_t>(16, 6));
  const TuningClips clips = take_clips(data, one_clip(), 6, 3, {});
  ASSERT_EQ(clips.clips.size(), 12U);
  const auto choice = contents(clips, Half::kChoice), report = contents(clips, Half::kReport);
  EXPECT_EQ(choice.size(), 6U);
  EXPECT_EQ(report.size(), 6U);
  for (const std::string& video : choice) EXPECT_FALSE(report.contains(video));
  std::map<std::pair<int64_t, Half>, int> classes;
  for (const TuningClip& clip : clips.clips) ++classes[{clip.video.label, clip.half}];
  EXPECT_EQ(classes.size(), 6U) << "three classes, each in both halves";
  EXPECT_EQ(clips.clips.front().clip.shape(), (Shape{1, 3, 4, 4, 4}));
}

TEST(TuningClips, DoNotDependOnTheOrderOfTheList) {
  const ScratchFolder folder;
  DataSet data = make_dataset(folder, std::vector<int64_t>(9, 6));
  const TuningClips first = take_clips(data, one_clip(), 2, 7, {});
  std::ranges::reverse(data.rows);
  const TuningClips second = take_clips(data, one_clip(), 2, 7, {});
  for (const Half half : {Half::kChoice, Half::kReport})
    EXPECT_EQ(contents(first, half), contents(second, half));
  const TuningClips other = take_clips(data, one_clip(), 2, 8, {});
  EXPECT_NE(contents(first, Half::kChoice), contents(other, Half::kChoice));
}

TEST(TuningClips, LeaveOutCopiesAndWhatCannotBeRead) {
  const ScratchFolder folder;
  DataSet data = make_dataset(folder, {6, 6, 6, 6, 6, 2});
  data.rows[4].path = data.rows[1].path;  // the same content under another name
  const TuningClips clips = take_clips(data, one_clip(), 8, 1, {});
  EXPECT_EQ(clips.clips.size(), 4U);
  EXPECT_EQ(clips.copies, 1);
  ASSERT_EQ(clips.failures.size(), 1U);
  EXPECT_EQ(clips.failures[0].name, "video5");
  EXPECT_EQ(clips.failures[0].state, VideoState::kTooShort);
}

TEST(TuningClips, TakeTwoVideosAHalf) {
  const ScratchFolder folder;
  const DataSet data = make_dataset(folder, {6, 6, 6, 2});
  const std::string message =
      message_of(ErrorKind::kInvalidArgument, [&] { take_clips(data, one_clip(), 8, 1, {}); });
  EXPECT_THAT(message, ::testing::AllOf(::testing::HasSubstr("needs 4 different videos"),
                                        ::testing::HasSubstr("gives 3"), ::testing::HasSubstr("video3")));
}

TEST(TuningClips, StopWhenAsked) {
  const ScratchFolder folder;
  const DataSet data = make_dataset(folder, std::vector<int64_t>(6, 6));
  const std::atomic<bool> stop = true;
  EXPECT_THROW(take_clips(data, one_clip(), 2, 1, {{}, &stop}), Interrupted);
}

}  // namespace
}  // namespace relevid::tune
