// SPDX-License-Identifier: Apache-2.0
#include "graph/randomise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph/model_builder.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::ModelBuilder;

std::vector<double> values(const Model& model, const std::string& name) {
  return model.constants.at(name)->as_doubles();
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

ModelBuilder small_model() {
  ModelBuilder builder(Shape{1, 2, 4, 4, 4});
  builder.filled("conv.weight", {8, 2, 3, 3, 3}, 5).filled("conv.bias", {8}, 5);
  for (const char* name : {"scale", "shift", "mean", "var"}) builder.filled(name, {8}, 5);
  builder.filled("product", {8, 4}, 5).filled("last", {3, 4}, 5).filled("last.bias", {3}, 5);
  builder.node("Conv", {"x", "conv.weight", "conv.bias"}, {"a"})
      .node("BatchNormalization", {"a", "scale", "shift", "mean", "var"}, {"b"})
      .node("ReduceMean", {"b"}, {"c"}, {{"axes", testing::list({2, 3, 4})}, {"keepdims", int64_t{0}}})
      .node("MatMul", {"c", "product"}, {"d"})
      .node("Gemm", {"d", "last", "last.bias"}, {"e"}, {{"transB", int64_t{1}}});
  return builder;
}

TEST(WithRandomWeights, DrawsWeightsAndNeutralisesTheRest) {
  const Model model = with_random_weights(small_model().model(), 1);
  // The largest of some dozens of values is near the bound √(6 / fan_in), and never above it.
  for (const auto& [name, fan_in] :
       std::vector<std::pair<std::string, double>>{{"conv.weight", 54}, {"product", 8}, {"last", 4}}) {
    const double bound = std::sqrt(6 / fan_in);
    EXPECT_LE(largest(values(model, name)), bound) << name;
    EXPECT_GT(largest(values(model, name)), 0.8 * bound) << name;
  }
  for (const char* name : {"conv.bias", "shift", "mean", "last.bias"})
    EXPECT_EQ(largest(values(model, name)), 0);
  for (const char* name : {"scale", "var"}) EXPECT_EQ(values(model, name), std::vector<double>(8, 1.0));
}

TEST(WithRandomWeights, LeavesTheModelItCameFrom) {
  const ModelBuilder builder = small_model();
  with_random_weights(builder.model(), 1);
  EXPECT_EQ(largest(values(builder.model(), "conv.weight")), 5);
}

TEST(WithRandomWeights, DependOnTheSeedAlone) {
  const auto weights = [](uint64_t seed) {
    return values(with_random_weights(small_model().model(), seed), "conv.weight");
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST(WithRandomWeights, FindsThemBehindTransposesAndConstantNodes) {
  ModelBuilder builder(Shape{1, 8});
  const TensorRef constant = share(Tensor::from(Shape{2, 8}, std::vector<float>(16, 5)));
  builder.node("Constant", {}, {"w"}, {{"value", constant}})
      .node("Transpose", {"w"}, {"wt"}, {{"perm", testing::list({1, 0})}})
      .node("MatMul", {"x", "wt"}, {"y"});
  const Model model = with_random_weights(builder.model(), 1);
  EXPECT_EQ(model.nodes.size(), 2);
  EXPECT_LE(largest(values(model, "w")), std::sqrt(6.0 / 8));
  EXPECT_GT(largest(values(model, "w")), std::sqrt(6.0 / 8) / 2);
}

TEST(WithRandomWeights, AModelWithoutWeightsIsRefused) {
  ModelBuilder builder(Shape{1, 8});
  builder.node("Relu", {"x"}, {"y"});
  testing::message_of(ErrorKind::kUnsupportedModel, [&] { with_random_weights(builder.model(), 1); });
}

TEST(WithRandomTop, DrawsFromTheOutputDown) {
  const Model whole = with_random_weights(small_model().model(), 1);
  const Model one = with_random_top(small_model().model(), 1, 1),
              two = with_random_top(small_model().model(), 1, 2);
  EXPECT_EQ(values(one, "last"), values(whole, "last"));
  EXPECT_EQ(largest(values(one, "last.bias")), 0);
  EXPECT_EQ(values(two, "product"), values(whole, "product"));
  for (const char* name : {"product", "conv.weight", "conv.bias", "scale"})
    EXPECT_EQ(largest(values(one, name)), 5);
  // What normalises below the lowest of them stays.
  for (const char* name : {"conv.weight", "conv.bias", "scale"}) EXPECT_EQ(largest(values(two, name)), 5);
  const Model all = with_random_top(small_model().model(), 1, 3);
  for (const char* name : {"conv.weight", "conv.bias", "scale", "var", "product", "last"})
    EXPECT_EQ(values(all, name), values(whole, name));
  EXPECT_EQ(layers_with_weights(small_model().model()), 3);
}

}  // namespace
}  // namespace relevid::graph
