// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/small_run.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using std::filesystem::path;
using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;
using ::testing::UnorderedElementsAre;

class Merge : public ::testing::Test {
 protected:
  /// The run of one shard.
  path shard(int64_t index, int64_t count) {
    const path file = folder_ / fmt::format("{}of{}.db", index, count);
    testing::run_small(file, data_, {index, count});
    return file;
  }
  std::string refusal(const std::vector<path>& runs) {
    const std::string message =
        message_of(ErrorKind::kInvalidArgument, [&] { merge_runs(folder_ / "out.db", runs); });
    for (const auto& name : folder_.names()) EXPECT_THAT(name, ::testing::Not(HasSubstr("out"))) << message;
    return message;
  }

  ScratchFolder folder_;
  DataSet data_ = testing::make_dataset(folder_, {14, 8, 2, 14, 8});
};

TEST_F(Merge, GivesToTheBitWhatOneMachineGives) {
  testing::run_small(folder_ / "whole.db", data_);
  const std::vector<path> runs = {shard(2, 3), shard(0, 3), shard(1, 3)};
  const RunCounts counts = merge_runs(folder_ / "out.db", runs);
  EXPECT_EQ(counts, (RunCounts{.expected = 5, .done = 5, .ok = 4, .too_short = 1}));
  EXPECT_EQ(content_digest(folder_ / "out.db"), content_digest(folder_ / "whole.db"));
  EXPECT_THAT(folder_.names(), UnorderedElementsAre("whole.db", "out.db", "0of3.db", "1of3.db", "2of3.db",
                                                    "video0", "video1", "video2", "video3", "video4"));
}

TEST_F(Merge, KeepsWhatPositionsTook) {
  testing::run_small<testing::PositionScorer>(folder_ / "whole.db", data_);
  std::vector<path> runs;
  for (int64_t i = 0; i < 2; ++i) {
    runs.push_back(folder_ / fmt::format("part{}.db", i));
    testing::run_small<testing::PositionScorer>(runs.back(), data_, {i, 2});
  }
  merge_runs(folder_ / "out.db", runs);
  EXPECT_EQ(content_digest(folder_ / "out.db"), content_digest(folder_ / "whole.db"));
  EXPECT_EQ(run::RunReader(folder_ / "out.db").position_steps(), 2);
}

TEST_F(Merge, TakesShardsOfTheFirstVersionButNotBesideNewOnes) {
  const path first = shard(0, 2), second = shard(1, 2);
  testing::make_first_version(first);
  EXPECT_THAT(refusal({first, second}), HasSubstr("make all shards with one relevid"));
  testing::make_first_version(second);
  merge_runs(folder_ / "out.db", std::vector<path>{first, second});
  testing::run_small(folder_ / "whole.db", data_);
  EXPECT_EQ(content_digest(folder_ / "out.db"), content_digest(folder_ / "whole.db"));
}

TEST_F(Merge, ShardsBeyondTheDataSetAreEmpty) {
  testing::run_small(folder_ / "whole.db", data_);
  std::vector<path> runs;
  for (int64_t i = 0; i < 7; ++i) runs.push_back(shard(i, 7));
  merge_runs(folder_ / "out.db", runs);
  EXPECT_EQ(content_digest(folder_ / "out.db"), content_digest(folder_ / "whole.db"));
}

TEST_F(Merge, RefusesAGapUnlessAllowed) {
  const std::vector<path> runs = {shard(0, 3), shard(2, 3)};
  EXPECT_THAT(refusal(runs),
              HasSubstr("2 of 5 videos are in none of the 2 runs, row 1 of the data set first"));
  MergeOptions partial;
  partial.gaps = MergeOptions::Gaps::kAllow;
  const RunCounts counts = merge_runs(folder_ / "out.db", runs, partial);
  EXPECT_EQ(counts.expected, 5);
  EXPECT_EQ(counts.done, 3);
  // Such a run can be gone on with.
  testing::run_small(folder_ / "out.db", data_);
  testing::run_small(folder_ / "whole.db", data_);
  EXPECT_EQ(content_digest(folder_ / "out.db"), content_digest(folder_ / "whole.db"));
}

TEST_F(Merge, RefusesAnOverlap) {
  const path first = shard(0, 2);
  EXPECT_THAT(refusal({first, shard(1, 2), first}), HasSubstr("row 0 of the data set (video0) is in"));
  EXPECT_THAT(refusal({shard(1, 3), shard(1, 2)}), HasSubstr("row 1 of the data set"));
}

TEST_F(Merge, RefusesRunsOfAnotherKindAndNamesTheDifference) {
  auto options = testing::small_options();
  run::Manifest other = testing::small_manifest(data_, options.feed, {1, 2});
  other.settings = R"({"method": "gradient", "sampling": {"num_clips": 2}})";
  { const run::RunStore store(folder_ / "other.db", other); }
  EXPECT_THAT(refusal({shard(0, 2), folder_ / "other.db"}),
              HasSubstr("settings.method: \"deep_taylor\" there, \"gradient\" here"));
}

TEST_F(Merge, NeverWritesOverAFile) {
  const std::vector<path> runs = {shard(0, 1)};
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { merge_runs(runs[0], runs); }),
              HasSubstr("is there already"));
  EXPECT_EQ(run_counts(runs[0]).done, 5);
}

TEST_F(Merge, SaysWhatIsNoRun) {
  testing::write_bytes(folder_ / "text.db", std::string(2000, 'x'));
  const path run = shard(0, 1);
  message_of(ErrorKind::kCorruptInput, [&] {
    merge_runs(folder_ / "out.db", std::vector<path>{run, folder_ / "text.db"});
  });
  message_of(ErrorKind::kIo, [&] {
    merge_runs(folder_ / "out.db", std::vector<path>{run, folder_ / "absent.db"});
  });
  message_of(ErrorKind::kInvalidArgument, [&] { merge_runs(folder_ / "out.db", {}); });
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.db"));
}

TEST_F(Merge, AFullDiskLeavesNothing) {
  const std::vector<path> runs = {shard(0, 1)};
  {
    const testing::FullDisk disk(12'000);
    message_of(ErrorKind::kIo, [&] { merge_runs(folder_ / "out.db", runs); });
  }
  for (const auto& name : folder_.names()) EXPECT_THAT(name, ::testing::Not(HasSubstr("out")));
}

}  // namespace
}  // namespace relevid
