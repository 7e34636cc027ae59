// SPDX-License-Identifier: Apache-2.0
#include "audit/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "audit/small_run.h"
#include "run/run_reader.h"

namespace relevid::audit {

using run::Database;
using run::RunReader;
using run::RunStore;
using run::Statement;
using run::VideoRecord;

namespace {

using ::testing::ElementsAre;
using testing::FormulaScorer;
using testing::grey;
using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;

std::vector<VideoRecord> read(const std::filesystem::path& path) {
  std::vector<VideoRecord> records;
  RunReader(path).for_each_video([&](const VideoRecord& record) { records.push_back(record); });
  return records;
}

/// "0 1 2 3" for a clip's real frames.
std::string frames(const std::filesystem::path& path, int64_t video, int64_t condition) {
  Database database(path, {});
  Statement row = database.prepare("SELECT frame_indices FROM clip WHERE video = ?1 AND condition = ?2");
  return row.bind(1, video).bind(2, condition).step() ? row.text(0) : "";
}

TEST(Runner, WritesEveryVideoUnderEveryCondition) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14, 14});
  const auto path = folder / "run.db";
  const RunnerOutcome outcome = testing::run_small(path, data);
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(outcome.videos, 3);
  EXPECT_EQ(outcome.clips, 3 * (3 * 2 + 5));
  const auto records = read(path);
  ASSERT_EQ(records.size(), 3);
  EXPECT_EQ(records[1].video.name, "video1");
  EXPECT_EQ(records[1].video.frame_count, 14);
  EXPECT_EQ(records[1].video.fps, 25);
  EXPECT_EQ(records[1].video.sha256.size(), 64);
  // Condition 3 is the null profile, of which no clip is made.
  std::vector<bool> observed;
  for (const auto& one : records[1].by_condition) observed.push_back(one.has_value());
  EXPECT_THAT(observed, ElementsAre(true, true, true, false, true, true, true, true, true));
}

TEST(Runner, FeedsTheNetworkTheFramesItRecords) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14});
  const auto path = folder / "run.db";
  testing::run_small(path, data);
  EXPECT_EQ(frames(path, 0, 2), "[0,4,8,12]");
  EXPECT_EQ(frames(path, 0, 4), "[0,1,2,3]");  // the clip that controls are made from
  EXPECT_EQ(frames(path, 0, 5), "[2,2,2,2]");
  EXPECT_EQ(frames(path, 0, 7), "[3,2,1,0]");
  EXPECT_EQ(frames(path, 0, 8), "[1,2,3,4]");
  const auto records = read(path);
  // shares of the formula are the grey levels of the frames
  const auto share = [&](size_t condition, size_t t) {
    return records[0].by_condition[condition]->shares[t];
  };
  EXPECT_DOUBLE_EQ(share(5, 0), 0.25);  // frozen
  EXPECT_DOUBLE_EQ(share(4, 3), (grey(0, 3) + 1.0) / (1 + 2 + 3 + 4));
  EXPECT_DOUBLE_EQ(share(7, 0), share(4, 3));  // reversed
}

TEST(Runner, JudgesClipsAndVideosByTheLabel) {
  const ScratchFolder folder;
  // The formula's class of video i is i, and i + 1 from frame 10 on; the label is i mod 3.
  DataSet data = testing::make_dataset(folder, {5, 14, 14, 14});
  data.rows[2].label = kUnlabelled;
  testing::run_small(folder / "run.db", data);
  const auto records = read(folder / "run.db");
  const run::Observation& both = *records[0].by_condition[0];
  EXPECT_EQ(both.clips, 2);
  EXPECT_EQ(both.clips_right1, 2);
  EXPECT_TRUE(both.right1);
  const run::Observation& half = *records[1].by_condition[0];  // clips at frames 0 and 10, equally sure
  EXPECT_EQ(half.clips_right1, 1);
  EXPECT_EQ(half.predicted, 1);
  EXPECT_TRUE(half.right1);
  EXPECT_EQ(half.clips_right5, 2);
  EXPECT_EQ(records[2].video.label, kUnlabelled);
  EXPECT_FALSE(records[2].by_condition[0]->right5);
  EXPECT_FALSE(records[3].by_condition[0]->right1);  // classes 3 and 4, label 0
  EXPECT_EQ(records[3].by_condition[0]->predicted, 3);
}

TEST(Runner, ExplainsTheLabelWhereAsked) {
  const ScratchFolder folder;
  DataSet data = testing::make_dataset(folder, {5, 5, 5, 5});
  data.rows[2].label = kUnlabelled;
  RunnerOptions options = testing::small_options();
  options.target = RunnerOptions::Target::kLabel;
  FormulaScorer network, random;
  {
    RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
    audit_videos(store, data, options, {network, &random}, {});
  }
  Database database(folder / "run.db", {});
  Statement rows = database.prepare("SELECT DISTINCT video, target FROM prediction WHERE condition = 0");
  std::map<int64_t, int64_t> targets;
  while (rows.step()) targets[rows.integer(0)] = rows.integer(1);
  EXPECT_EQ(targets, (std::map<int64_t, int64_t>{{0, 0}, {1, 1}, {2, 2}, {3, 0}}));  // 3's best is 3
}

TEST(Runner, OnlyRandomWeightsLookWithTheOtherNetwork) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14});
  const RunnerOptions options = testing::small_options();
  FormulaScorer network, random;
  network.before_each([](int64_t) {});
  random.before_each([](int64_t) {});
  RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
  audit_videos(store, data, options, {network, &random}, {});
  EXPECT_EQ(random.calls(), 2);
  EXPECT_EQ(network.calls(), 2 * (6 + 4));
}

TEST(Runner, BrokenVideosAreRowsAndTheRunGoesOn) {
  const ScratchFolder folder;
  DataSet data = testing::make_dataset(folder, {14, 3, 14, 14, 14, 8});
  data.rows[0].error = "the file is missing";
  testing::write_bytes(folder / "text.mp4", "this is no video");
  data.rows[2].path = folder / "text.mp4";
  testing::write_bytes(folder / "empty.mp4", "");
  data.rows[3].path = folder / "empty.mp4";
  data.rows[4].path = folder / "absent.mp4";
  const auto path = folder / "run.db";
  EXPECT_TRUE(testing::run_small(path, data).finished);
  EXPECT_EQ(run_counts(path),
            (RunCounts{.expected = 6, .done = 6, .ok = 1, .too_short = 1, .unreadable = 3, .empty = 1}));
  const auto records = read(path);
  EXPECT_THAT(records[0].video.error, HasSubstr("the file is missing"));
  EXPECT_THAT(records[1].video.error, HasSubstr("3 frames; a clip spans 4"));
  EXPECT_EQ(records[1].video.frame_count, 3);
  EXPECT_EQ(records[2].video.error_kind, "corrupt input");
  EXPECT_EQ(records[3].video.state, VideoState::kEmpty);
  EXPECT_EQ(records[4].video.error_kind, "I/O error");
  EXPECT_EQ(records[5].video.state, VideoState::kOk);  // fits the steps 1 and 2, not 4
  EXPECT_TRUE(records[5].by_condition[1]);
  EXPECT_FALSE(records[5].by_condition[2]);
  EXPECT_TRUE(records[5].by_condition[4]);
}

TEST(Runner, WhatTheNetworkRefusesFailsItsVideoAlone) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14, 14});
  const RunnerOptions options = testing::small_options();
  FormulaScorer network, random;
  network.before_each([](int64_t call) {
    if (call == 12) throw Error(ErrorKind::kCorruptInput, "the clip holds nan");
  });
  {
    RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
    EXPECT_TRUE(audit_videos(store, data, options, {network, &random}, {}).finished);
  }
  const auto records = read(folder / "run.db");
  EXPECT_EQ(records[0].video.state, VideoState::kOk);
  EXPECT_EQ(records[1].video.state, VideoState::kFailed);
  EXPECT_EQ(records[1].video.error, "the clip holds nan");
  for (const auto& one : records[1].by_condition) EXPECT_FALSE(one);
  EXPECT_EQ(records[2].video.state, VideoState::kOk);
  EXPECT_EQ(frames(folder / "run.db", 1, 0), "");
}

TEST(Runner, AMistakeOfOurOwnEndsTheRun) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14});
  const RunnerOptions options = testing::small_options();
  FormulaScorer network, random;
  network.before_each([](int64_t call) {
    if (call == 12) throw Error(ErrorKind::kInternal, "mistake");
  });
  RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
  message_of(ErrorKind::kInternal, [&] { audit_videos(store, data, options, {network, &random}, {}); });
  EXPECT_TRUE(store.has_video(0));
  EXPECT_FALSE(store.has_video(1));
}

TEST(Runner, AnInterruptFinishesTheVideoAndTheNextRunGoesOn) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14, 2, 14, 14});
  testing::run_small(folder / "whole.db", data);
  const RunnerOptions options = testing::small_options();
  std::atomic<bool> stop = false;
  FormulaScorer network, random;
  {
    RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
    store.put_null_profile(std::vector<double>{0.1, 0.4, 0.4, 0.1});
    const RunControl control{{}, &stop};
    network.before_each([&](int64_t call) {
      if (call == 12) stop = true;
    });
    const RunnerOutcome outcome = audit_videos(store, data, options, {network, &random}, control);
    EXPECT_FALSE(outcome.finished);
    EXPECT_EQ(outcome.videos, 2);
    EXPECT_TRUE(store.has_video(1));
    EXPECT_FALSE(store.has_video(2));
  }
  EXPECT_NE(content_digest(folder / "run.db"), content_digest(folder / "whole.db"));
  EXPECT_EQ(testing::run_small(folder / "run.db", data).videos, 3);
  EXPECT_EQ(content_digest(folder / "run.db"), content_digest(folder / "whole.db"));
}

TEST(Runner, TellsHowFarItIs) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 2, 14});
  const RunnerOptions options = testing::small_options();
  FormulaScorer network, random;
  std::vector<Progress> reports;
  const RunControl control{[&](const Progress& progress) { reports.push_back(progress); }, nullptr};
  RunStore store(folder / "run.db", testing::small_manifest(data, options.feed));
  audit_videos(store, data, options, {network, &random}, control);
  ASSERT_EQ(reports.size(), 22);
  EXPECT_EQ(reports.front().done, 1);
  EXPECT_EQ(reports.front().total, 33);  // 11 clips, and two videos like it
  EXPECT_EQ(reports.back().done, 22);
  EXPECT_EQ(reports.back().total, 22);
}

TEST(Runner, LabelsBeyondTheModelsClassesAreRefused) {
  const ScratchFolder folder;
  DataSet data = testing::make_dataset(folder, {14});
  data.rows[0].label = testing::kClasses;
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { testing::run_small(folder / "run.db", data); }),
              HasSubstr("video0 has label 6"));
}

}  // namespace
}  // namespace relevid::audit
