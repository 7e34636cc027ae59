// SPDX-License-Identifier: Apache-2.0
#include "graph/fold_clips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "graph/specialise.h"

namespace relevid::graph {
namespace {

using ::testing::ElementsAre;
using testing::ModelBuilder;

/// [N, clips, C, T, H, W] to the mean over everything but N and C.
Model model_of(const Shape& shape) {
  ModelBuilder builder(shape);
  builder.node("ReduceMean", {"x"}, {"y"},
               {{"axes", std::vector<int64_t>{1, 3, 4, 5}}, {"keepdims", int64_t{0}}});
  return builder.model();
}

TEST(FoldClips, AClipStandsForAllThatAreAveragedInside) {
  for (const int64_t clips : {1, 3}) {
    Model model = model_of({1, clips, 3, 8, 4, 4});
    EXPECT_EQ(fold_clips(model), clips);
    ASSERT_EQ(model.inputs.size(), 1U);
    EXPECT_THAT(model.inputs[0].dims, ElementsAre(1, 3, 8, 4, 4));
    const Graph graph = specialise(model, {{model.inputs[0].name, Shape{1, 3, 8, 4, 4}}});
    EXPECT_EQ(graph.shape(graph.output), (Shape{1, 3}));
  }
}

TEST(FoldClips, OtherModelsStayAsTheyAre) {
  Model model = model_of({1, 3, 8, 4, 4, 4});
  model.inputs[0].dims.pop_back();
  const auto nodes = model.nodes.size();
  EXPECT_EQ(fold_clips(model), 0);
  EXPECT_EQ(model.nodes.size(), nodes);
  EXPECT_EQ(model.inputs[0].name, "x");
}

}  // namespace
}  // namespace relevid::graph
