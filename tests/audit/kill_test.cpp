// SPDX-License-Identifier: Apache-2.0
// A run that is killed at any moment goes on, and ends as one that was not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "audit/small_run.h"
#include "run/counting_vfs.h"
#include "run/run_reader.h"

namespace relevid {
namespace {

using testing::ScratchFolder;

/// Runs `work` in a process of its own; true where that killed itself.
bool is_killed(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      status = 1;
    }
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

class Kill : public ::testing::Test {
 protected:
  void SetUp() override {
    testing::run_small(folder_ / "whole.db", data_);
    whole_ = content_digest(folder_ / "whole.db");
  }
  /// What was killed holds whole videos alone, and goes on to the same end.
  void expect_recovery(const std::filesystem::path& run) {
    if (std::filesystem::exists(run) && std::filesystem::file_size(run) > 0) {
      try {
        run::RunReader(run).for_each_video([](const run::VideoRecord& record) {
          EXPECT_EQ(record.by_condition.at(0).has_value(), record.video.state == VideoState::kOk);
        });
      } catch (const Error& error) {  // killed before its tables were there
        EXPECT_EQ(error.kind(), ErrorKind::kCorruptInput) << error.what();
      }
    }
    testing::run_small(run, data_);
    EXPECT_EQ(content_digest(run), whole_);
    std::filesystem::remove(run);
  }

  ScratchFolder folder_;
  DataSet data_ = testing::make_dataset(folder_, {14, 8, 2, 5});
  std::string whole_;
};

TEST_F(Kill, AtAnyChangeOfTheFileAndItsJournal) {
  constexpr int64_t kPoints = 24;
  const int64_t before = testing::file_changes();
  testing::run_small(folder_ / "counted.db", data_);
  const int64_t changes = testing::file_changes() - before;
  ASSERT_GT(changes, kPoints);
  for (int64_t point = 0; point < kPoints; ++point) {
    const int64_t at = 1 + point * (changes - 1) / (kPoints - 1);
    SCOPED_TRACE(fmt::format("change {} of {}", at, changes));
    EXPECT_TRUE(is_killed([&] {
      testing::kill_at_file_change(at);
      testing::run_small(folder_ / "run.db", data_);
    }));
    expect_recovery(folder_ / "run.db");
  }
}

TEST_F(Kill, WhileTheNetworkLooksAtAClip) {
  for (const int64_t call : {1, 3, 9, 10, 15, 21}) {
    SCOPED_TRACE(fmt::format("clip {}", call));
    EXPECT_TRUE(is_killed([&] {
      const auto options = testing::small_options();
      run::RunStore store(folder_ / "run.db", testing::small_manifest(data_, options.feed));
      testing::FormulaScorer network, random;
      network.before_each([call](int64_t calls) {
        if (calls == call) ::raise(SIGKILL);
      });
      audit::audit_videos(store, data_, options, {network, &random}, {});
    }));
    expect_recovery(folder_ / "run.db");
  }
}

TEST_F(Kill, AgainAndAgain) {
  const int64_t before = testing::file_changes();
  testing::run_small(folder_ / "counted.db", data_);
  const int64_t changes = testing::file_changes() - before;
  int64_t kills = 0;
  while (is_killed([&] {
    testing::kill_at_file_change(2 * changes / 5);
    testing::run_small(folder_ / "run.db", data_);
  })) {
    ++kills;
    ASSERT_LT(kills, 100) << "no video is ever finished";
  }
  EXPECT_GE(kills, 2);
  EXPECT_EQ(content_digest(folder_ / "run.db"), whole_);
}

}  // namespace
}  // namespace relevid
