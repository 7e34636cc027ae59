// SPDX-License-Identifier: Apache-2.0
// An evaluation that is killed while it looks at a clip goes on, and ends as one that was not. What a kill at
// any change of the file leaves is tested on the audit's run, whose store this is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "evaluate/small_evaluation.h"

namespace relevid {
namespace {

/// Runs until the network has looked at so many clips; true where it was killed then.
bool killed_at(const std::filesystem::path& run, const DataSet& data, int64_t last_call) {
  const pid_t child = ::fork();
  if (child == 0) {
    testing::run_evaluation(run, data, {}, [last_call](int64_t call) {
      if (call == last_call) ::raise(SIGKILL);
    });
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(EvaluationKill, GoesOnToTheSameBits) {
  const testing::ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 2, 5, 9});
  testing::run_evaluation(folder / "whole.db", data);
  for (const int64_t call : {1, 4, 6, 9}) {
    SCOPED_TRACE(call);
    EXPECT_TRUE(killed_at(folder / "run.db", data, call));
    EXPECT_LT(run_counts(folder / "run.db").done, 4);
    testing::run_evaluation(folder / "run.db", data);
    EXPECT_EQ(content_digest(folder / "run.db"), content_digest(folder / "whole.db"));
    std::filesystem::remove(folder / "run.db");
  }
}

}  // namespace
}  // namespace relevid
