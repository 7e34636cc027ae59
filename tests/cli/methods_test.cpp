// SPDX-License-Identifier: Apache-2.0
// Every method through the command: what it costs is said beforehand, and its files hold what it found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/program.h"
#include "relevid/npz.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
namespace cli = ::relevid::testing;

class Methods : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cli::has_ffmpeg()) GTEST_SKIP() << "the ffmpeg program is not there";
    model_ = (folder_ / "c3d.onnx").string();
    video_ = (folder_ / "film.mp4").string();
    out_ = (folder_ / "out").string();
    cli::make_small_c3d(model_);
    cli::make_video(video_, 20);
  }

  cli::Outcome explain(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"explain", model_,      video_,      "--out",
                                          out_,      "--no-film", "--no-page", "--no-null-profile"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return cli::relevid(arguments);
  }
  nlohmann::json record() const {
    std::ifstream file(std::filesystem::path(out_) / "film.json");
    return nlohmann::json::parse(file);
  }
  std::map<std::string, Tensor> arrays() const { return read_npz(std::filesystem::path(out_) / "film.npz"); }

  cli::ScratchFolder folder_;
  std::string model_, video_, out_;
};

struct Expected {
  const char* method;
  int forward, backward;
  const char* in_time;
};

/// Of clips of 16 frames, with the few masks and rounds that are given below.
constexpr Expected kExpected[] = {
    {"grad_cam", 1, 1, "2 frames of the feature map"},
    {"layer_cam", 1, 1, "2 frames of the feature map"},
    {"guided_grad_cam", 1, 2, "2 frames of the feature map"},
    {"occlusion_space", 5, 0, "one value for all 16 frames"},
    {"occlusion_time", 5, 0, "4 windows of 4 frames, 4 apart, over 16 frames"},
    {"occlusion_tube", 17, 0, "4 windows of 4 frames, 4 apart, over 16 frames"},
    {"rise", 7, 0, "2 mask cells over 16 frames"},
    {"extremal_perturbation", 10, 6, "2 mask cells over 16 frames"},
    {"temporal_mask", 19, 3, "every one of 16 frames"},
    {"shapley_frames", 2 + 2 * 3, 0, "4 groups of up to 4 of 16 frames"},
    {"spatial_relevance", 17, 16, "every one of 16 frames"},
    {"temporal_relevance", 17, 17, "every one of 16 frames"},
    {"selective_relevance", 1, 1, "every one of 16 frames"},
};

const std::vector<std::string> kFew = {
    "--window",     "4x24x24", "--window-stride", "4x24x24", "--masks",        "6", "--cells", "2x4x4",
    "--iterations", "3",       "--areas",         "0.1,0.3", "--permutations", "2"};

TEST_F(Methods, CostWhatIsSaidBeforehand) {
  std::vector<std::string> all = {"--cost", "--json"};
  all.insert(all.end(), kFew.begin(), kFew.end());
  for (const Expected& expected : kExpected) all.insert(all.end(), {"--method", expected.method});
  const auto said = explain(all);
  ASSERT_EQ(said.status, 0) << said.err;
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(out_) / "film.npz")) << "nothing is explained";
  const auto costs = nlohmann::json::parse(said.out);
  ASSERT_EQ(costs.size(), std::size(kExpected));
  for (size_t i = 0; i < costs.size(); ++i) {
    const Expected& expected = kExpected[i];
    const nlohmann::json passes = {{"forward", expected.forward}, {"backward", expected.backward}};
    EXPECT_EQ(costs[i]["method"], expected.method);
    EXPECT_EQ(costs[i]["passes"], passes) << expected.method;

    std::vector<std::string> one = {"--method", expected.method};
    one.insert(one.end(), kFew.begin(), kFew.end());
    const auto outcome = explain(one);
    ASSERT_EQ(outcome.status, 0) << expected.method << ": " << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("passes       " + std::to_string(expected.forward) + " forward"));
    EXPECT_THAT(outcome.out, HasSubstr(expected.in_time));
    const auto json = record();
    EXPECT_EQ(json["passes"], passes) << expected.method;
    EXPECT_THAT(json["resolution"]["in_time"].get<std::string>(), HasSubstr(expected.in_time));
    EXPECT_EQ(json["resolution"], costs[i]["resolution"]);
    const auto found = arrays();
    EXPECT_EQ(found.at("relevance").shape(), (Shape{1, 3, 16, 48, 48})) << expected.method;
  }
}

TEST_F(Methods, SayWhatElseTheyFind) {
  ASSERT_EQ(explain({"--method", "temporal_mask", "--iterations", "2"}).status, 0);
  EXPECT_THAT(record()["clips"][0]["notes"][0].get<std::string>(), HasSubstr("of 16 frames frozen"));
  const auto outcome = explain({"--method", "shapley_frames", "--permutations", "2"});
  EXPECT_THAT(outcome.out, HasSubstr("standard error"));
  ASSERT_EQ(explain({"--method", "grad_cam"}).status, 0);
  EXPECT_FALSE(record()["clips"][0].contains("notes"));
}

TEST_F(Methods, BatchesChangeNothingButTheTime) {
  const std::vector<std::string> one = {"--method", "occlusion_time", "--fill", "freeze"};
  ASSERT_EQ(explain(one).status, 0);
  const auto alone = arrays().at("relevance").as_doubles();
  auto many = one;
  many.insert(many.end(), {"--batch", "3"});
  ASSERT_EQ(explain(many).status, 0);
  const auto together = arrays().at("relevance").as_doubles();
  double largest = 0;
  for (const double v : alone) largest = std::max(largest, std::abs(v));
  ASSERT_GT(largest, 0);
  for (size_t i = 0; i < alone.size(); ++i) ASSERT_NEAR(together[i], alone[i], 2e-3 * largest);
}

TEST_F(Methods, RelevanceStopsAtALayer) {
  const auto inspected = nlohmann::json::parse(cli::relevid({"inspect", model_, "--json"}).out);
  std::string layer;
  for (const auto& node : inspected["layers"]) {
    if (node["operator"] == "MaxPool" && layer.empty()) layer = node["name"];
  }
  const auto outcome = explain({"--method", "epsilon_plus", "--layer", layer});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("reaches the layer"));
  const auto found = arrays();
  const Tensor& there = found.at("layer_relevance");
  EXPECT_EQ(there.shape()[0], 1);
  EXPECT_EQ(there.shape()[2], 16);  // the first pooling keeps time
  EXPECT_EQ(there.shape()[3], 24);
  const auto sum = [](const Tensor& tensor) {
    const auto values = tensor.as_doubles();
    return std::accumulate(values.begin(), values.end(), 0.0);
  };
  EXPECT_NEAR(sum(there), sum(found.at("relevance")), 1e-3 * std::abs(sum(there)));
  EXPECT_EQ(record()["clips"][0]["conservation"]["around_layer"], 0);
  EXPECT_THAT(explain({"--method", "grad_cam", "--layer", "nowhere"}).err, HasSubstr("no layer 'nowhere'"));
}

TEST_F(Methods, OptionsHaveTheirMessages) {
  const auto refused = [&](std::vector<std::string> arguments) {
    const auto outcome = explain(std::move(arguments));
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(refused({"--method", "rise", "--cells", "4by7"}), HasSubstr("4x32x32"));
  EXPECT_THAT(refused({"--method", "rise", "--cells", "1x2x3x4"}), HasSubstr("--cells"));
  EXPECT_THAT(refused({"--method", "rise", "--fill", "frieze"}), HasSubstr("did you mean 'freeze'"));
  EXPECT_THAT(refused({"--method", "rise", "--score", "logits"}), HasSubstr("did you mean 'logit'"));
  EXPECT_THAT(refused({"--method", "temporal_relevance", "--relevance", "rise"}),
              HasSubstr("--relevance rise: it is one of deep_taylor"));
  EXPECT_THAT(refused({"--method", "gradient", "--layer", "x"}), HasSubstr("takes no layer"));
}

TEST_F(Methods, InterruptEndsInTheMiddleOfAClip) {
  const auto outcome = cli::relevid_signalled(
      {"explain", model_, video_, "--no-page", "--method", "rise", "--masks", "1000000", "--out", out_},
      SIGINT);
  EXPECT_EQ(outcome.status, 130) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
  EXPECT_TRUE(!std::filesystem::exists(out_) || std::filesystem::is_empty(out_));
}

}  // namespace
}  // namespace relevid
