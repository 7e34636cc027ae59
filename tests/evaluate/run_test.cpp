// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/small_evaluation.h"
#include "run/run_reader.h"
#include "run/run_store.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using testing::ScratchFolder;

class EvaluationRun : public ::testing::Test {
 protected:
  std::vector<evaluate::VideoRows> rows(const std::filesystem::path& run) {
    std::vector<evaluate::VideoRows> all;
    evaluate::Reader(run).for_each_video([&](const evaluate::VideoRows& video) { all.push_back(video); });
    return all;
  }

  ScratchFolder folder_;
  DataSet data_ = testing::make_dataset(folder_, {14, 2, 5, 4});
};

TEST_F(EvaluationRun, HoldsEveryClipsCurvesAndMeasures) {
  const auto outcome = testing::run_evaluation(folder_ / "run.db", data_);
  EXPECT_TRUE(outcome.finished);
  EXPECT_EQ(outcome.videos, 4);
  const auto videos = rows(folder_ / "run.db");
  ASSERT_EQ(videos.size(), 4U);
  EXPECT_EQ(videos[1].video.state, VideoState::kTooShort);
  EXPECT_TRUE(videos[1].curves.empty());
  for (const size_t v : {0U, 2U, 3U}) {
    const auto clips = videos[v].clips.size();
    EXPECT_EQ(clips, 2U);
    EXPECT_EQ(videos[v].curves.size(), clips * 2 * (3 + 2) * 2);
    int64_t offsets = 0, agreements = 0;
    for (const auto& [number, measure] : videos[v].measures) {
      EXPECT_EQ(number, 0);
      offsets += measure.measure == "offset";
      agreements += measure.measure == "agreement";
    }
    EXPECT_EQ(offsets, v == 3 ? 0 : 3) << "one step later there is no clip in a video as long as one";
    EXPECT_EQ(agreements, 6);
  }
}

TEST_F(EvaluationRun, GoesOnToTheSameBits) {
  testing::run_evaluation(folder_ / "whole.db", data_);
  std::atomic<bool> stop = false;
  RunControl control;
  control.interrupt = &stop;
  // Stops in the middle of the third video, which is then left out.
  const auto first = testing::run_evaluation(
      folder_ / "run.db", data_, {},
      [&](int64_t call) {
        if (call < 7) return;
        stop = true;
        throw Interrupted{};
      },
      control);
  EXPECT_FALSE(first.finished);
  EXPECT_EQ(run_counts(folder_ / "run.db").done, 2);
  EXPECT_TRUE(testing::run_evaluation(folder_ / "run.db", data_).finished);
  EXPECT_EQ(content_digest(folder_ / "run.db"), content_digest(folder_ / "whole.db"));
  EXPECT_EQ(testing::run_evaluation(folder_ / "run.db", data_).videos, 0);
}

TEST_F(EvaluationRun, AVideoThatFailsIsARowWithItsError) {
  testing::run_evaluation(folder_ / "run.db", data_, {}, [](int64_t call) {
    if (call == 2) throw Error(ErrorKind::kCorruptInput, "NaN at 3");
  });
  const auto videos = rows(folder_ / "run.db");
  EXPECT_EQ(videos[0].video.state, VideoState::kFailed);
  EXPECT_EQ(videos[0].video.error, "NaN at 3");
  EXPECT_TRUE(videos[0].clips.empty());
  EXPECT_EQ(videos[2].video.state, VideoState::kOk);
  EXPECT_EQ(run_counts(folder_ / "run.db").failed, 1);
}

TEST_F(EvaluationRun, ShardsMergeIntoTheWhole) {
  testing::run_evaluation(folder_ / "whole.db", data_);
  testing::run_evaluation(folder_ / "a.db", data_, {0, 2});
  testing::run_evaluation(folder_ / "b.db", data_, {1, 2});
  const std::vector<std::filesystem::path> parts = {folder_ / "b.db", folder_ / "a.db"};
  EXPECT_EQ(merge_runs(folder_ / "merged.db", parts).ok, 3);
  EXPECT_EQ(content_digest(folder_ / "merged.db"), content_digest(folder_ / "whole.db"));
}

TEST_F(EvaluationRun, OtherSettingsAreRefusedByTheirDifference) {
  testing::run_evaluation(folder_ / "run.db", data_);
  auto manifest = testing::evaluation_manifest(data_, testing::evaluation_options());
  manifest.settings = R"({"methods": [{"name": "perfect"}], "steps": 5})";
  EXPECT_THAT(testing::message_of(ErrorKind::kInvalidArgument,
                                  [&] { const evaluate::Store store(folder_ / "run.db", manifest); }),
              HasSubstr("settings.steps: 4 there, 5 here"));
}

TEST_F(EvaluationRun, IsNotTakenForAnAudit) {
  testing::run_evaluation(folder_ / "run.db", data_);
  { const run::RunStore audit(folder_ / "audit.db", testing::small_manifest(data_, testing::small_feed())); }
  EXPECT_EQ(run_kind(folder_ / "run.db"), RunKind::kEvaluation);
  EXPECT_EQ(run_kind(folder_ / "audit.db"), RunKind::kAudit);
  const auto message = [](const auto& act) { return testing::message_of(ErrorKind::kInvalidArgument, act); };
  EXPECT_THAT(message([&] { run::RunReader reader(folder_ / "run.db"); }),
              HasSubstr("is the run of an evaluation, not of an audit"));
  EXPECT_THAT(message([&] { evaluate::Reader reader(folder_ / "audit.db"); }),
              HasSubstr("is the run of an audit, not of an evaluation"));
  const std::vector<std::filesystem::path> both = {folder_ / "run.db", folder_ / "audit.db"};
  message([&] { merge_runs(folder_ / "merged.db", both); });
}

}  // namespace
}  // namespace relevid
