// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "models/models.h"
#include "onnx/export.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
namespace cli = ::relevid::testing;

TEST(InspectCommand, ShowsLayersCostAndRules) {
  const cli::ScratchFolder folder;
  const std::string model = (folder / "c3d.onnx").string();
  cli::make_small_c3d(model);
  const auto outcome = cli::relevid({"inspect", model, "--json"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto record = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(record["clip"], (std::vector<int64_t>{1, 3, 16, 48, 48}));
  EXPECT_EQ(record["method"], "epsilon_plus_flat");
  EXPECT_EQ(record["layers"][0]["rule"], "flat");
  const auto other =
      nlohmann::json::parse(cli::relevid({"inspect", model, "--json", "--method", "deep_taylor"}).out);
  EXPECT_EQ(other["layers"][0]["rule"], "zB");
  EXPECT_EQ(record["layers"][0]["name"], "conv1a");
  EXPECT_GT(record["multiply_adds"].get<int64_t>(), 0);
  EXPECT_TRUE(record["unsupported"].empty());
  EXPECT_THAT(cli::relevid({"inspect", model}).out, HasSubstr("multiply-adds"));
}

TEST(InspectCommand, ListsAllThatCannotBeExplained) {
  const cli::ScratchFolder folder;
  graph::Model model = models::create("c3d", {.classes = 5, .height = 48, .width = 0.05});
  for (auto& node : model.nodes) {
    if (node.name == "relu1a" || node.name == "relu6") node.op = "Mish";
  }
  const std::string path = (folder / "mish.onnx").string();
  onnx_io::write_model(model, path);
  const auto outcome = cli::relevid({"inspect", path, "--json"});
  EXPECT_EQ(outcome.status, 3);
  const auto record = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(record["unsupported"], (std::vector<std::string>{"Mish 'relu1a'", "Mish 'relu6'"}));
}

TEST(Program, HelpAndVersion) {
  EXPECT_EQ(cli::relevid({"--help"}).status, 0);
  EXPECT_EQ(cli::relevid({"--version"}).status, 0);
  EXPECT_EQ(cli::relevid({"explain", "--help"}).status, 0);
  EXPECT_EQ(cli::relevid({}).status, 2);
  const auto outcome = cli::relevid({"explian"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("did you mean 'explain'"));
}

}  // namespace
}  // namespace relevid
