// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "cli/program.h"
#include "relevid/run_file.h"

namespace relevid::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvaluateCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    ASSERT_EQ(relevid({"create", "c3d", "--width", "0.03", "--size", "32", "--classes", "4", "--clip-len",
                       "4", "--out", path("c3d.onnx")})
                  .status,
              0);
    ASSERT_EQ(relevid({"generate", path("set"), "--videos", "4", "--size", "40", "--frames", "8"}).status, 0);
    write_bytes(path("set/list.csv"),
                "path,label\nvideos/000000.mp4,down\nvideos/000001.mp4,left\nvideos/absent.mp4,up\n");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  static std::vector<std::string> arguments(const std::string& out,
                                            const std::vector<std::string>& further = {}) {
    std::vector<std::string> all = {"evaluate",
                                    path("c3d.onnx"),
                                    path("set/list.csv"),
                                    "--out",
                                    path(out),
                                    "--methods",
                                    "deep_taylor,gradient,integrated_gradients",
                                    "--steps",
                                    "3",
                                    "--cells",
                                    "2x2x2",
                                    "--labels-by",
                                    "index",
                                    "--threads",
                                    "1"};
    all.insert(all.end(), further.begin(), further.end());
    return all;
  }

  static std::unique_ptr<ScratchFolder> folder_;
};
std::unique_ptr<ScratchFolder> EvaluateCommand::folder_;

TEST_F(EvaluateCommand, SaysItsCostAndEndsWithTheRanking) {
  const Outcome first = relevid(arguments(
      "first.db", {"--flip", "frames:previous,superpixels:noise", "--objects", path("set/positions.csv")}));
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("a clip takes 42 forward passes and 3 explanations of "));
  EXPECT_THAT(first.out, AllOf(HasSubstr("videos       3 of 3: 2 evaluated"), HasSubstr("absent.mp4")));
  EXPECT_THAT(first.out,
              AllOf(HasSubstr("Flipping frames, filled by previous"),
                    HasSubstr("Flipping superpixels, filled by noise"), HasSubstr("Relevance on the objects"),
                    HasSubstr("a step later"), HasSubstr("Agreement"), HasSubstr("centre_prior")));
  const Outcome text = relevid({"report", path("first.db")});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(first.out, HasSubstr(text.out));
  const Outcome table = relevid({"report", path("first.db"), "--format", "csv", "--table", "ranking"});
  EXPECT_THAT(table.out, HasSubstr("superpixels,noise,1,"));
  const Outcome json = relevid({"report", path("first.db"), "--format", "json", "--score", "logit"});
  EXPECT_THAT(json.out, HasSubstr("\"score\":\"logit\""));
}

TEST_F(EvaluateCommand, DoesNotDependOnTheBatchButForRounding) {
  ASSERT_EQ(relevid(arguments("batch.db", {"--checks", "none"})).status, 0);
  ASSERT_EQ(relevid(arguments("single.db", {"--checks", "none", "--batch", "1"})).status, 0);
  const auto ranking = [&](const std::string& run) {
    std::vector<double> numbers;
    const Outcome table = relevid({"report", path(run), "--format", "csv", "--table", "curves"});
    std::istringstream lines(table.out);
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) numbers.push_back(std::stod(line.substr(line.rfind(',') + 1)));
    return numbers;
  };
  const auto batch = ranking("batch.db"), single = ranking("single.db");
  ASSERT_EQ(batch.size(), 2U * 5 * 4);
  ASSERT_EQ(single.size(), batch.size());
  for (size_t i = 0; i < batch.size(); ++i) EXPECT_NEAR(batch[i], single[i], 1e-5);
}

/// Of three clips, each of which is long enough for the clip a step later.
TEST_F(EvaluateCommand, ChecksAreOfTheFirstClipAlone) {
  const Outcome outcome = relevid(arguments("clips.db", {"--num-clips", "3", "--checks", "offset"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 evaluated"));
  const Outcome table = relevid({"report", path("clips.db"), "--format", "csv", "--table", "videos"});
  EXPECT_THAT(table.out, HasSubstr("videos/000000.mp4,ok,,3,offset,,deep_taylor,"));
}

TEST_F(EvaluateCommand, TakesTheMethodsOptionsAndCountsTheirPasses) {
  auto masks = arguments("masks.db", {"--checks", "none", "--masks", "20", "--mask-cells", "2x2x2"});
  std::ranges::replace(masks, std::string("deep_taylor,gradient,integrated_gradients"),
                       std::string("deep_taylor,rise"));
  const Outcome outcome = relevid(masks);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("2 explanations of 23 passes"));  // 1 + 1, and 1 + 20 masks
  masks[masks.size() - 3] = "30";
  EXPECT_EQ(relevid(masks).status, 2) << "the run has other masks";
}

TEST_F(EvaluateCommand, ObjectsOfAnotherDataSetAreRefused) {
  write_bytes(path("others.csv"), "video,frame,left,top,right,bottom\nelsewhere.mp4,0,0,0,4,4\n");
  const Outcome outcome = relevid(arguments("others.db", {"--objects", path("others.csv")}));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("elsewhere.mp4"), HasSubstr("videos/000000.mp4")));
}

/// Of a method without negative relevance magnitudes are the same map.
TEST_F(EvaluateCommand, MagnitudesAreMethodsOfTheirOwn) {
  auto both = arguments("magnitude.db", {"--checks", "agreement"});
  std::ranges::replace(both, std::string("deep_taylor,gradient,integrated_gradients"),
                       std::string("deep_taylor,deep_taylor:magnitude,gradient,gradient:magnitude"));
  const Outcome outcome = relevid(both);
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Outcome table = relevid({"report", path("magnitude.db"), "--format", "csv", "--table", "measures"});
  EXPECT_THAT(table.out, HasSubstr("agreement,deep_taylor,deep_taylor:magnitude,2,1,1,1\n"));
  EXPECT_THAT(table.out, HasSubstr("agreement,gradient,gradient:magnitude,2,"));
  EXPECT_THAT(table.out, Not(HasSubstr("agreement,gradient,gradient:magnitude,2,1,")));
}

TEST_F(EvaluateCommand, StopsAtCtrlCWithWholeVideosAlone) {
  std::string list = "path,label\n";
  for (int row = 0; row < 20000; ++row) list += "videos/000000.mp4,down\n";
  write_bytes(path("set/long.csv"), list);
  auto long_run = arguments("stopped.db", {"--checks", "none"});
  long_run[2] = path("set/long.csv");
  const Outcome stopped =
      relevid_signalled(long_run, SIGINT, [] { return std::filesystem::exists(path("stopped.db")); });
  EXPECT_EQ(stopped.status, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on where it stopped"));
  EXPECT_LT(run_counts(path("stopped.db")).done, 20000);
}

TEST_F(EvaluateCommand, ShardsMergeIntoTheWhole) {
  ASSERT_EQ(relevid(arguments("whole.db")).status, 0);
  ASSERT_EQ(relevid(arguments("part0.db", {"--shard", "0/2"})).status, 0);
  ASSERT_EQ(relevid(arguments("part1.db", {"--shard", "1/2"})).status, 0);
  EXPECT_EQ(relevid({"merge", path("merged.db"), path("part0.db"), path("part1.db")}).status, 0);
  EXPECT_EQ(content_digest(path("merged.db")), content_digest(path("whole.db")));
  const Outcome again = relevid(arguments("whole.db"));
  EXPECT_THAT(again.out, AllOf(HasSubstr("Flipping"), Not(HasSubstr("clips   "))));
}

TEST_F(EvaluateCommand, BadInputHasItsMessageAndStatus) {
  ASSERT_EQ(relevid(arguments("bad.db", {"--checks", "none"})).status, 0);
  const auto message = [&](int status, const std::string& out, const std::vector<std::string>& further) {
    const Outcome outcome = relevid(arguments(out, further));
    EXPECT_EQ(outcome.status, status) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(message(2, "bad.db", {"--checks", "none", "--superpixels", "64"}),
              HasSubstr("settings.superpixels: 128 there, 64 here"));
  EXPECT_THAT(message(2, "new.db", {"--methods", "deep_tailor"}), HasSubstr("deep_taylor"));
  EXPECT_THAT(message(2, "new.db", {"--flip", "cels:blur"}), HasSubstr("did you mean"));
  EXPECT_THAT(message(2, "new.db", {"--checks", "shfit"}), HasSubstr("shift"));
  auto cells = arguments("new.db");
  std::ranges::replace(cells, std::string("2x2x2"), std::string("2x2"));
  EXPECT_THAT(relevid(cells).err, HasSubstr("4x8x8"));
  EXPECT_THAT(message(4, "new.db", {"--objects", path("set/list.csv")}), HasSubstr("half_width"));
  EXPECT_THAT(message(5, "new.db", {"--objects", path("absent.csv")}), HasSubstr("absent.csv"));
  message(2, "new.db", {"--target", "best"});
  EXPECT_FALSE(std::filesystem::exists(path("new.db")));
  EXPECT_EQ(relevid({"report", path("bad.db"), "--format", "png"}).status, 2);
  EXPECT_EQ(relevid({"report", path("bad.db"), "--format", "csv"}).status, 2);
  EXPECT_THAT(relevid({"report", path("bad.db"), "--format", "csv", "--table", "rankin"}).err,
              HasSubstr("ranking"));
  std::filesystem::copy_file(path("c3d.onnx"), path("other.onnx"));
  message(4, "other.onnx", {});
}

}  // namespace
}  // namespace relevid::testing
