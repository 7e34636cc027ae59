// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "relevid/npz.h"

namespace relevid::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TuneCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<ScratchFolder>();
    ASSERT_EQ(relevid({"create", "c3d", "--width", "0.03", "--size", "32", "--classes", "4", "--clip-len",
                       "4", "--out", path("c3d.onnx")})
                  .status,
              0);
    ASSERT_EQ(relevid({"generate", path("set"), "--videos", "8", "--size", "40", "--frames", "8"}).status, 0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path(const std::string& name) { return (*folder_ / name).string(); }
  static std::string content(const std::string& name) {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static bool exists(const std::string& name) { return std::filesystem::exists(path(name)); }
  static std::vector<std::string> arguments(const std::vector<std::string>& further = {}) {
    std::vector<std::string> all = {"tune",
                                    path("c3d.onnx"),
                                    path("set/videos.csv"),
                                    "--clips",
                                    "3",
                                    "--gammas",
                                    "0,0.25,1",
                                    "--steps",
                                    "3",
                                    "--cells",
                                    "2x2x2",
                                    "--seed",
                                    "2",
                                    "--labels-by",
                                    "index",
                                    "--threads",
                                    "1"};
    for (size_t i = 0; i < further.size(); ++i) {
      const auto given = further[i].starts_with("--") ? std::ranges::find(all, further[i]) : all.end();
      if (given == all.end())
        all.push_back(further[i]);
      else
        given[1] = further[++i];
    }
    return all;
  }

  static std::unique_ptr<ScratchFolder> folder_;
};
std::unique_ptr<ScratchFolder> TuneCommand::folder_;

TEST_F(TuneCommand, SaysFirstThatFewVideosShowNoGain) {
  const Outcome outcome = relevid(arguments({"--method", "epsilon_plus"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("cost         6 videos, at most "));
  const auto report = outcome.out.substr(outcome.out.find("\n\n") + 2);
  EXPECT_THAT(report, ::testing::AnyOf(StartsWith("Too few videos to tell a gain: on 3"),
                                       StartsWith("Nothing to tune")));
  EXPECT_THAT(report, HasSubstr("Keep "));
  EXPECT_THAT(report, AllOf(HasSubstr("early"), HasSubstr("middle"), HasSubstr("late"), HasSubstr("z+"),
                            HasSubstr("3 videos held out"), HasSubstr("a random order"),
                            HasSubstr("The search"), HasSubstr("Accuracy: ")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("rules   "))) << "nothing is written without --out";
}

TEST_F(TuneCommand, WritesRulesThatExplainTakesAndSaysWhatTheyAre) {
  const Outcome outcome = relevid(arguments({"--out", path("tuned.json"), "--json"}));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto result = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(result.at("method"), "epsilon_plus_flat") << "auto, of a convolutional network";
  EXPECT_EQ(result.at("search_videos").size(), 3U);
  for (const auto& video : result.at("search_videos"))
    EXPECT_EQ(std::ranges::count(result.at("held_out_videos"), video), 0) << video;
  const auto file = nlohmann::json::parse(content("tuned.json"));
  EXPECT_EQ(file.at("about").at("for"), "--method epsilon_plus_flat");
  EXPECT_EQ(file.at("about").at("model_sha256"), result.at("model_sha256"));
  EXPECT_EQ(file.at("about").at("held_out"), result.at("held_out"));
  EXPECT_FALSE(exists("tuned.json.state"));
  size_t layers = 0;
  for (const auto& group : result.at("groups"))
    if (!group.at("gamma").is_null()) layers += group.at("layers").size();
  ASSERT_GT(layers, 0U) << "the seed is of videos on which some gamma does better";
  EXPECT_EQ(file.at("rules").size(), layers);
  const auto explain = [&](const std::string& out, const std::vector<std::string>& rules) {
    std::vector<std::string> words = {"explain",
                                      path("c3d.onnx"),
                                      path("set/videos/000000.mp4"),
                                      "--method",
                                      "epsilon_plus_flat",
                                      "--threads",
                                      "1",
                                      "--out",
                                      path(out)};
    words.insert(words.end(), rules.begin(), rules.end());
    EXPECT_EQ(relevid(words).status, 0);
    return read_npz(path(out) + "/000000.npz").at("relevance").as_doubles();
  };
  EXPECT_NE(explain("plain", {}), explain("tuned", {"--rules", path("tuned.json")}));
}

TEST_F(TuneCommand, StopsAtCtrlCAndGoesOnToTheSameFile) {
  std::string gammas = "0";
  for (int i = 1; i < 40; ++i) gammas += "," + std::to_string(i / 20.0);
  const auto words = [&](const std::string& out) {
    return arguments({"--gammas", gammas, "--method", "epsilon_plus", "--rounds", "1", "--out", path(out)});
  };
  const Outcome stopped =
      relevid_signalled(words("resumed.json"), SIGINT, [] { return exists("resumed.json.state"); });
  ASSERT_EQ(stopped.status, 130) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on where it stopped"));
  EXPECT_FALSE(exists("resumed.json"));
  EXPECT_TRUE(exists("resumed.json.state"));
  auto other = words("resumed.json");
  other.insert(other.end(), {"--superpixels", "64"});
  EXPECT_THAT(relevid(other).err, HasSubstr("superpixels: 128 there, 64 here"));
  ASSERT_EQ(relevid(words("resumed.json")).status, 0);
  ASSERT_EQ(relevid(words("whole.json")).status, 0);
  EXPECT_EQ(content("resumed.json"), content("whole.json"));
  EXPECT_FALSE(exists("resumed.json.state"));
}

TEST_F(TuneCommand, BadInputHasItsMessageAndStatus) {
  const auto refused = [&](int status, const std::vector<std::string>& further) {
    const Outcome outcome = relevid(arguments(further));
    EXPECT_EQ(outcome.status, status) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(refused(2, {"--method", "deep_taylor"}),
              AllOf(HasSubstr("deep_taylor has no gamma"), HasSubstr("value_path")));
  EXPECT_THAT(refused(2, {"--method", "epsilon_pluss"}), HasSubstr("did you mean 'epsilon_plus'"));
  EXPECT_THAT(refused(2, {"--gammas", "0.1,-1"}), HasSubstr("a gamma is 0 to 1e6, not -1"));
  EXPECT_THAT(refused(2, {"--clips", "1"}), HasSubstr("2 to 200 clips"));
  EXPECT_THAT(refused(2, {"--rounds", "0"}), HasSubstr("1 to 10 rounds"));
  EXPECT_THAT(refused(2, {"--flip", "cels:blur"}), HasSubstr("did you mean"));
  EXPECT_THAT(refused(2, {"--out", path("set/videos.csv")}), HasSubstr("would be written over"));
  EXPECT_THAT(refused(2, {"--out", path("c3d.onnx")}), HasSubstr("would be written over"));
  refused(5, {"--out", path("absent/rules.json")});
  auto words = arguments();
  words[1] = path("absent.onnx");
  EXPECT_EQ(relevid(words).status, 5);
  words[1] = path("set/videos.csv");
  EXPECT_EQ(relevid(words).status, 4);
  write_bytes(path("set/few.csv"),
              "path,label\nvideos/000000.mp4,0\nvideos/000001.mp4,1\nvideos/absent.mp4,2\n");
  words = arguments({"--out", path("few.json")});
  words[2] = path("set/few.csv");
  const Outcome few = relevid(words);
  EXPECT_EQ(few.status, 2);
  EXPECT_THAT(few.err, AllOf(HasSubstr("needs 4 different videos"), HasSubstr("absent.mp4")));
  EXPECT_FALSE(exists("few.json.state")) << "nothing was scored";
  write_bytes(path("set/none.csv"), "path,label\n");
  words[2] = path("set/none.csv");
  EXPECT_NE(relevid(words).status, 0);
}

}  // namespace
}  // namespace relevid::testing
