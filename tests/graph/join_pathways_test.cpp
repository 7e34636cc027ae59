// SPDX-License-Identifier: Apache-2.0
#include "graph/join_pathways.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"

namespace relevid::graph {
namespace {

using ::testing::ElementsAre;
using testing::ModelBuilder;

/// A model of clips, "x" and others, whose means over space and time are added.
Model model_of(const Shape& first, const std::vector<std::pair<std::string, std::vector<int64_t>>>& others) {
  ModelBuilder builder(first);
  builder.node("GlobalAveragePool", {"x"}, {"y0"});
  std::string sum = "y0";
  for (const auto& [name, dims] : others) {
    builder.node("GlobalAveragePool", {name}, {name + "_mean"});
    builder.node("Add", {sum, name + "_mean"}, {name + "_sum"});
    sum = name + "_sum";
  }
  Model model = builder.model();
  for (const auto& [name, dims] : others)
    model.inputs.push_back({name, dims, std::vector<std::string>(dims.size())});
  return model;
}

TEST(JoinPathways, TheLongestInputIsTheClipAndTheOthersTakeFramesOfIt) {
  Model model = model_of({1, 3, 8, 4, 4}, {{"fast", {1, 3, 32, 4, 4}}});
  const auto pathways = join_pathways(model);
  ASSERT_EQ(pathways.size(), 2U);
  EXPECT_EQ(pathways[0].input, "x");
  // torch.linspace(0, 31, 8).long()
  EXPECT_THAT(pathways[0].frames, ElementsAre(0, 4, 8, 13, 17, 22, 26, 31));
  EXPECT_EQ(pathways[1].node, "");
  EXPECT_EQ(pathways[1].frames.size(), 32U);
  ASSERT_EQ(model.inputs.size(), 1U);
  EXPECT_EQ(model.inputs[0].name, "fast");
  const Graph graph = specialise(model, {{"fast", Shape{1, 3, 32, 4, 4}}});
  EXPECT_EQ(graph.inputs.size(), 1U);
  EXPECT_EQ(graph.shape(graph.output), (Shape{1, 3, 1, 1, 1}));
}

TEST(JoinPathways, FramesFirstAndThreeInputsAndASingleFrame) {
  Model model = model_of({1, 16, 3, 4, 4}, {{"b", {1, 4, 3, 4, 4}}, {"c", {1, 1, 3, 4, 4}}});
  const auto pathways = join_pathways(model);
  ASSERT_EQ(pathways.size(), 3U);
  EXPECT_THAT(pathways[1].frames, ElementsAre(0, 5, 10, 15));
  EXPECT_THAT(pathways[2].frames, ElementsAre(0));
  EXPECT_EQ(model.nodes.front().op, "Gather");
  EXPECT_EQ(model.nodes.front().integer("axis", -1), 1);
}

TEST(JoinPathways, OtherInputsStayApart) {
  const std::vector<std::vector<int64_t>> others = {{1, 2, 8, 4, 4},   // flow beside colours
                                                    {1, 3, 8, 4, 4},   // the same size: two clips
                                                    {1, 3, 32, 8, 8},  // another size as well
                                                    {1, 3, -1, 4, 4},  // open
                                                    {2, 3, 8, 4, 4},   // another batch
                                                    {1, 3, 32}};       // no clip
  for (const auto& dims : others) {
    Model model = model_of({1, 3, 8, 4, 4}, {{"other", dims}});
    EXPECT_TRUE(join_pathways(model).empty()) << dims[1] << " " << dims[2];
    EXPECT_EQ(model.inputs.size(), 2U);
  }
  Model one = model_of({1, 3, 8, 4, 4}, {});
  EXPECT_TRUE(join_pathways(one).empty());
}

}  // namespace
}  // namespace relevid::graph
