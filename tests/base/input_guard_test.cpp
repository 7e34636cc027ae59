// SPDX-License-Identifier: Apache-2.0
#include "base/input_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;
using testing::ScratchFolder;
namespace fs = std::filesystem;

class InputGuardTest : public ::testing::Test {
 protected:
  InputGuardTest() {
    testing::write_bytes(run_, "a run");
    fs::create_directory(folder_ / "below");
    fs::create_directory_symlink(folder_.path(), folder_ / "linked");
    fs::create_symlink(run_, folder_ / "symbolic.db");
    fs::create_hard_link(run_, folder_ / "hard.db");
  }
  std::string refused(const fs::path& output) {
    const std::string message =
        message_of(ErrorKind::kInvalidArgument, [&] { write_file_atomically(output, "a report"); });
    EXPECT_EQ(read_file(run_, FileRole::kOwnState), "a run");
    return message;
  }

  ScratchFolder folder_;
  fs::path run_ = folder_ / "run.db";
};

TEST_F(InputGuardTest, NoNameOfAnInputIsWrittenTo) {
  const InputGuard guard;
  note_input(run_, "RUN");
  EXPECT_EQ(refused(run_),
            run_.string() + " would be written over: it is read as RUN; choose another output");
  for (const char* name : {"symbolic.db", "hard.db", "below/../run.db", "linked/run.db", "./run.db"}) {
    EXPECT_THAT(refused(folder_ / name), AllOf(HasSubstr("it is the same file as " + run_.string()),
                                               HasSubstr("which is read as RUN")));
  }
  EXPECT_THAT(refused(fs::relative(run_)), HasSubstr("written over"));
}

TEST_F(InputGuardTest, AnInputThatIsALinkKeepsItsTarget) {
  const InputGuard guard;
  note_input(folder_ / "symbolic.db", "RUN");
  EXPECT_THAT(refused(run_), HasSubstr("symbolic.db"));
  EXPECT_THAT(refused(folder_ / "symbolic.db"), HasSubstr("read as RUN"));
}

TEST_F(InputGuardTest, WhatIsOpenedBeforeTheCommitCounts) {
  const InputGuard guard;
  AtomicFile file(run_);
  EXPECT_EQ(read_file(run_), "a run");
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument, [&] { file.commit(); }), HasSubstr("written over"));
  EXPECT_EQ(read_file(run_), "a run");
}

TEST_F(InputGuardTest, WhatIsLookedForDoesNotComeAbout) {
  const InputGuard guard;
  note_input(folder_ / "model.json", "the model's settings");
  EXPECT_THAT(refused(folder_ / "linked/model.json"), HasSubstr("be read as the model's settings"));
  write_file_atomically(folder_ / "below/model.json", "{}");
}

TEST_F(InputGuardTest, NothingIsRemovedThatIsRead) {
  const InputGuard guard;
  note_input(run_, "RUN");
  message_of(ErrorKind::kInvalidArgument, [&] { remove_output(folder_ / "hard.db"); });
  EXPECT_TRUE(fs::exists(folder_ / "hard.db"));
  testing::write_bytes(folder_ / "old.mp4", "");
  remove_output(folder_ / "old.mp4");
  EXPECT_FALSE(fs::exists(folder_ / "old.mp4"));
}

TEST_F(InputGuardTest, TwoOutputsAreTwoFiles) {
  const InputGuard guard;
  note_input(run_, "RUN");
  claim_output(folder_ / "model.html", "the ONNX file");
  claim_output(folder_ / "model.html", "the ONNX file");  // written again
  EXPECT_THAT(message_of(ErrorKind::kInvalidArgument,
                         [&] { claim_output(folder_ / "linked/model.html", "the page of curves"); }),
              HasSubstr("would be both the ONNX file and the page of curves"));
  message_of(ErrorKind::kInvalidArgument, [&] { claim_output(run_, "the log"); });
}

TEST_F(InputGuardTest, OwnStateAndOtherFilesMayBeWritten) {
  const InputGuard guard;
  EXPECT_EQ(read_file(run_, FileRole::kOwnState), "a run");
  write_file_atomically(run_, "more of a run");
  EXPECT_EQ(read_file(run_), "more of a run");
}

TEST_F(InputGuardTest, WithoutAGuardNothingIsRefused) {
  { const InputGuard guard; }
  note_input(run_, "RUN");
  write_file_atomically(run_, "a report");
  EXPECT_EQ(read_file(run_), "a report");
}

}  // namespace
}  // namespace relevid
