// SPDX-License-Identifier: Apache-2.0
#include "graph/shift_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"

namespace relevid::graph {
namespace {

using ::testing::ElementsAre;

TEST(WithShiftedInput, TakesTheConstantOffBeforeAnythingReadsTheInput) {
  testing::ModelBuilder builder(Shape{1, 2, 1, 1, 1});
  builder.node("Add", {"x", "x"}, {"a"}).node("Relu", {"a"}, {"e"});
  const Model model = with_shifted_input(builder.model(), 2.5F);
  ASSERT_EQ(model.nodes.size(), 3U);
  const ModelNode& first = model.nodes[0];
  EXPECT_EQ(first.op, "Sub");
  ASSERT_EQ(first.inputs.size(), 2U);
  EXPECT_EQ(first.inputs[0], "x");
  EXPECT_THAT(model.constants.at(first.inputs[1])->as_doubles(), ElementsAre(2.5));
  EXPECT_THAT(model.nodes[1].inputs, ElementsAre(first.outputs[0], first.outputs[0]));
  EXPECT_EQ(model.inputs[0].name, "x");
}

TEST(WithShiftedInput, FindsNamesThatAreFree) {
  testing::ModelBuilder builder(Shape{1, 2, 1, 1, 1});
  builder.filled("input shift", {1}, 9);
  builder.node("Add", {"x", "input shift"}, {"x as it was"}).node("Relu", {"x as it was"}, {"e"});
  const Model model = with_shifted_input(builder.model(), 1);
  EXPECT_THAT(model.constants.at("input shift")->as_doubles(), ElementsAre(9));
  EXPECT_THAT(model.nodes[0].outputs, ElementsAre("x as it was'"));
  EXPECT_THAT(model.nodes[1].inputs, ElementsAre("x as it was'", "input shift"));
}

}  // namespace
}  // namespace relevid::graph
