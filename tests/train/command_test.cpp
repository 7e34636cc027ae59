// SPDX-License-Identifier: Apache-2.0
// relevid train as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/atomic_file.h"
#include "cli/program.h"
#include "relevid/dataset.h"

namespace relevid::testing {
namespace {

using ::testing::HasSubstr;

class TrainCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const Outcome made = relevid({"generate", folder_ / "set", "--videos", "16", "--size", "32", "--frames",
                                  "8", "--val-share", "0.25"});
    ASSERT_EQ(made.status, 0) << made.err;
  }
  std::vector<std::string> arguments(const std::vector<std::string>& further) const {
    std::vector<std::string> all = {"train",         (folder_ / "set/train.csv").string(),
                                    "--out",         (folder_ / "m.onnx").string(),
                                    "--cache",       (folder_ / "cache").string(),
                                    "--arch",        "c3d_small",
                                    "--width",       "0.06",
                                    "--size",        "24",
                                    "--resize",      "28",
                                    "--clip-len",    "4",
                                    "--batch",       "4",
                                    "--allow-chance"};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }
  ScratchFolder folder_;
};

TEST_F(TrainCommand, TrainsAndSaysHowItWent) {
  const std::string held_out = (folder_ / "set/val.csv").string();
  const Outcome outcome = relevid(arguments({"--epochs", "2", "--val", held_out}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("videos/000000.mp4: class 0, down"));
  EXPECT_THAT(outcome.out, HasSubstr("epoch   2/2  loss"));
  EXPECT_THAT(outcome.out, HasSubstr("validation: clips"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "m.log.jsonl"));
  const Outcome inspected = relevid({"inspect", (folder_ / "m.onnx").string()});
  EXPECT_EQ(inspected.status, 0) << inspected.err;
  EXPECT_THAT(inspected.out, HasSubstr("right"));
}

TEST_F(TrainCommand, SaysThatNothingWasLearnt) {
  const Outcome outcome = relevid(arguments({"--epochs", "1", "--lr", "1e-9"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("has learnt nothing"));
  EXPECT_THAT(outcome.err, HasSubstr("gives 1.386"));
}

TEST_F(TrainCommand, ANetworkAtChanceIsAnErrorUnlessItIsAllowed) {
  std::vector<std::string> strict = arguments({"--epochs", "1", "--lr", "1e-9"});
  std::erase(strict, "--allow-chance");
  const Outcome outcome = relevid(strict);
  EXPECT_EQ(outcome.status, 8) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("has learnt nothing"));
  EXPECT_THAT(outcome.err, HasSubstr("--allow-chance"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.onnx"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "m.log.jsonl"));
  const Outcome allowed = relevid(arguments({"--epochs", "1", "--lr", "1e-9", "--resume"}));
  EXPECT_EQ(allowed.status, 0) << allowed.err;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "m.onnx"));
}

TEST_F(TrainCommand, ALossThatNeverLeavesChanceIsTriedAgainThenEndsTheRun) {
  std::vector<std::string> strict =
      arguments({"--epochs", "9", "--lr", "1e-9", "--patience", "2", "--restarts", "1"});
  std::erase(strict, "--allow-chance");
  const Outcome outcome = relevid(strict);
  EXPECT_EQ(outcome.status, 8) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("the state before the first update at 0.3 of the learning rate"));
  EXPECT_THAT(outcome.err, HasSubstr("training collapsed 2 times"));
  const std::string log = read_file(folder_ / "m.log.jsonl");
  EXPECT_EQ(std::ranges::count(log, '\n'), 4) << "two epochs of each attempt";
  EXPECT_THAT(log, HasSubstr("\"reason\":\"never left chance\",\"to_epoch\":0,\"rate_factor\":0.3"));
}

TEST_F(TrainCommand, ListsWhatItHeldOut) {
  const Outcome outcome = relevid(arguments({"--epochs", "1", "--val-split", "0.25"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const DataSet held_out = read_dataset(folder_ / "m.val.csv");
  EXPECT_EQ(held_out.rows.size(), 4U) << "one of three in each of four classes";
  EXPECT_THAT(outcome.out, HasSubstr("held out: " + (folder_ / "m.val.csv").string()));
}

TEST_F(TrainCommand, CtrlCLeavesACheckpointToGoOnFrom) {
  const auto log = folder_ / "m.log.jsonl";  // there once an epoch is over
  const Outcome outcome = relevid_signalled(arguments({"--epochs", "100000"}), SIGINT,
                                            [&] { return std::filesystem::exists(log); });
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("--resume"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "m.checkpoint.npz"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.onnx"));
  const Outcome other = relevid(arguments({"--epochs", "5", "--resume"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.err, HasSubstr("--epochs 100000, not 5"));
}

TEST_F(TrainCommand, BadInputHasItsMessageAndStatus) {
  EXPECT_EQ(relevid(arguments({"--epochs", "0"})).status, 2);
  EXPECT_THAT(relevid(arguments({"--epohcs", "1"})).err, HasSubstr("--epochs"));
  EXPECT_THAT(relevid(arguments({"--epochs", "1", "--freeze", "nothing*"})).err, HasSubstr("'nothing*'"));
  EXPECT_EQ(relevid(arguments({"--epochs", "1", "--cache-limit", "0.00001"})).status, 6);
  EXPECT_EQ(relevid({"train", (folder_ / "none").string(), "--out", (folder_ / "m.onnx").string()}).status,
            5);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "m.onnx"));
}

}  // namespace
}  // namespace relevid::testing
