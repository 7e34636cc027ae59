// SPDX-License-Identifier: Apache-2.0
// Passes: batch norm into layers, padding into windows, softmax off the end.
#include "graph/simplify.h"

#include <gtest/gtest.h>

#include "graph/model_builder.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::ModelBuilder;
using testing::node_as;

const Shape kClip{1, 2, 4, 6, 6};

ModelBuilder with_convolution(const Shape& input = kClip) {
  ModelBuilder m(input);
  m.filled("w", {3, 2, 1, 1, 1}, 1).floats("b", {3}, {1, 2, 3}).node("Conv", {"x", "w", "b"}, {"c"});
  return m;
}

TEST(MergeAffine, BatchNormBecomesPartOfTheConvolution) {
  auto m = with_convolution();
  m.floats("g", {3}, {2, 4, 6})
      .floats("o", {3}, {1, 1, 1})
      .floats("mean", {3}, {0, 1, 2})
      .floats("v", {3}, {4, 4, 4});
  m.node("BatchNormalization", {"c", "g", "o", "mean", "v"}, {"n"}, {{"epsilon", 0.0}});
  const Graph graph = m.specialise();
  ASSERT_EQ(m.operators(), "Convolution");
  const auto& op = node_as<Convolution>(graph, 0);
  EXPECT_EQ(op.weight->as_doubles(), (std::vector<double>{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(op.bias->as_doubles(), (std::vector<double>{2, 3, 4}));  // k (b - mean) + offset
}

TEST(MergeAffine, ChainsMergeOneAfterTheOther) {
  auto m = with_convolution();
  m.floats("two", {}, {2}).floats("per", {3, 1, 1, 1}, {1, 2, 4});
  m.node("Mul", {"c", "two"}, {"d"}).node("Add", {"d", "per"}, {"e"}).node("Sub", {"two", "e"}, {"f"});
  ASSERT_EQ(m.operators(), "Convolution");
  const Graph graph = m.specialise();
  const auto& op = node_as<Convolution>(graph, 0);
  EXPECT_EQ(op.weight->as_doubles(), (std::vector<double>{-2, -2, -2, -2, -2, -2}));
  EXPECT_EQ(op.bias->as_doubles(), (std::vector<double>{-1, -4, -8}));  // 2 - (2 b + per)
}

TEST(MergeAffine, FactorsAndShiftsOfANormMergeOneAfterTheOther) {
  ModelBuilder m({1, 2, 3});
  m.floats("g", {3}, {1, 2, 3})
      .floats("b", {3}, {1, 1, 2})
      .floats("two", {}, {2})
      .floats("per", {1, 1, 3}, {4, 5, 6});
  m.node("LayerNormalization", {"x", "g", "b"}, {"n"})
      .node("Mul", {"n", "two"}, {"d"})
      .node("Add", {"d", "per"}, {"y"});
  ASSERT_EQ(m.operators(), "Standardise");
  const Graph graph = m.specialise();
  EXPECT_EQ(node_as<Standardise>(graph, 0).scale->as_doubles(), (std::vector<double>{2, 4, 6}));
  EXPECT_EQ(node_as<Standardise>(graph, 0).shift->as_doubles(), (std::vector<double>{6, 7, 10}));
}

TEST(MergeAffine, PositionsStayBesideTheNorm) {
  ModelBuilder m({1, 2, 3});
  m.floats("g", {3}, {1, 2, 3}).floats("p", {1, 2, 3}, {1, 2, 3, 4, 5, 6});
  m.node("LayerNormalization", {"x", "g"}, {"n"}).node("Add", {"n", "p"}, {"y"});
  EXPECT_EQ(m.operators(), "Standardise Affine");
}

TEST(MergeAffine, NotWhereOthersReadTheLayer) {
  auto m = with_convolution();
  m.floats("two", {}, {2}).node("Mul", {"c", "two"}, {"d"}).node("Add", {"c", "d"}, {"e"});
  EXPECT_EQ(m.operators(), "Convolution Affine Add");
}

TEST(MergeAffine, NotWhereTheConstantIsNotPerChannel) {
  auto m = with_convolution({1, 2, 3, 3, 3});
  m.floats("per_column", {3}, {1, 2, 4}).node("Mul", {"c", "per_column"}, {"d"});
  EXPECT_EQ(m.operators(), "Convolution Affine");
}

TEST(MergeAffine, NotBehindAnActivation) {
  auto m = with_convolution();
  m.floats("two", {}, {2}).node("Relu", {"c"}, {"r"}).node("Mul", {"r", "two"}, {"d"});
  EXPECT_EQ(m.operators(), "Convolution Activation Affine");
}

TEST(MergeAffine, TransposedWeightAndAdditionAreADenseLayer) {
  ModelBuilder m({2, 3});
  m.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6}).floats("b", {2}, {7, 8});
  m.node("Transpose", {"w"}, {"wt"}).node("MatMul", {"x", "wt"}, {"p"}).node("Add", {"b", "p"}, {"y"});
  const Graph graph = m.specialise();
  ASSERT_EQ(m.operators(), "Dense");
  EXPECT_EQ(node_as<Dense>(graph, 0).weight->as_doubles(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(node_as<Dense>(graph, 0).bias->as_doubles(), (std::vector<double>{7, 8}));
}

ModelBuilder padded(const std::vector<int64_t>& pads) {
  ModelBuilder m(kClip);
  m.ints("pads", pads).filled("w", {3, 2, 1, 3, 3}, 1).node("Pad", {"x", "pads"}, {"p"});
  return m;
}

TEST(FoldPadding, ZerosBecomeAConvolutionsOwn) {
  auto m = padded({0, 0, 1, 0, 2, 0, 0, 0, 1, 0});
  m.node("Conv", {"p", "w"}, {"y"}, {{"pads", list({0, 1, 0, 0, 0, 1})}});
  const Graph graph = m.specialise();
  ASSERT_EQ(m.operators(), "Convolution");
  const auto& window = node_as<Convolution>(graph, 0).window;
  EXPECT_EQ(window.pads_begin, list({1, 1, 2}));
  EXPECT_EQ(window.pads_end, list({0, 1, 1}));
  EXPECT_EQ(graph.shape(graph.output), (Shape{1, 3, 5, 6, 7}));
}

TEST(FoldPadding, TwoBordersInARow) {
  auto m = padded({0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
  m.node("Pad", {"p", "pads"}, {"q"}).node("Conv", {"q", "w"}, {"y"});
  EXPECT_EQ(m.operators(), "Convolution");
  EXPECT_EQ(node_as<Convolution>(m.specialise(), 0).window.pads_begin, list({2, 0, 0}));
}

TEST(FoldPadding, NotChannelsAndNotOtherValues) {
  auto channels = padded({0, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  channels.filled("w3", {3, 3, 1, 1, 1}, 1).node("Conv", {"p", "w3"}, {"y"});
  EXPECT_EQ(channels.operators(), "Pad Convolution");
  ModelBuilder ones(kClip);
  ones.ints("pads", {0, 0, 1, 0, 0, 0, 0, 0, 0, 0}).floats("one", {}, {1}).filled("w", {3, 2, 1, 1, 1}, 1);
  ones.node("Pad", {"x", "pads", "one"}, {"p"}).node("Conv", {"p", "w"}, {"y"});
  EXPECT_EQ(ones.operators(), "Pad Convolution");
}

TEST(FoldPadding, MaxPoolingKeepsItsBorder) {
  auto m = padded({0, 0, 0, 1, 1, 0, 0, 0, 1, 1});
  m.node("MaxPool", {"p"}, {"y"}, {{"kernel_shape", list({1, 2, 2})}});
  EXPECT_EQ(m.operators(), "Pad MaxPool");
}

TEST(FoldPadding, AveragesCountTheBorder) {
  for (const int64_t counted : {0, 1}) {
    auto m = padded({0, 0, 0, 1, 1, 0, 0, 0, 1, 2});
    m.node("AveragePool", {"p"}, {"y"},
           {{"kernel_shape", list({1, 3, 3})}, {"strides", list({1, 2, 2})}, {"count_include_pad", counted}});
    const Graph graph = m.specialise();
    ASSERT_EQ(m.operators(), "AveragePool");
    const auto& op = node_as<AveragePool>(graph, 0);
    EXPECT_EQ(op.count, AveragePool::Count::kPadding);
    EXPECT_EQ(op.window.pads_begin, list({0, 1, 1}));
    EXPECT_EQ(op.counted_end, list({0, 1, 2}));
  }
}

TEST(FoldPadding, NotIntoAnAverageThatLeavesItsOwnPaddingOut) {
  auto m = padded({0, 0, 0, 1, 1, 0, 0, 0, 1, 1});
  m.node("AveragePool", {"p"}, {"y"},
         {{"kernel_shape", list({1, 3, 3})}, {"pads", list({0, 1, 1, 0, 1, 1})}});
  EXPECT_EQ(m.operators(), "Pad AveragePool");
  auto both = padded({0, 0, 0, 1, 1, 0, 0, 0, 1, 1});
  both.node("AveragePool", {"p"}, {"y"},
            {{"kernel_shape", list({1, 3, 3})},
             {"pads", list({0, 1, 1, 0, 1, 1})},
             {"count_include_pad", int64_t{1}}});
  EXPECT_EQ(both.operators(), "AveragePool");
}

TEST(CutSoftmax, AtTheEndAndBeforeAnAverage) {
  ModelBuilder end({2, 5});
  end.node("Relu", {"x"}, {"r"}).node("Softmax", {"r"}, {"y"});
  EXPECT_EQ(end.operators(), "Activation");
  ModelBuilder views({6, 5});
  views.ints("shape", {2, 3, 5}).node("Relu", {"x"}, {"r"}).node("Softmax", {"r"}, {"s"});
  views.node("Reshape", {"s", "shape"}, {"v"})
      .node("ReduceMean", {"v"}, {"y"}, {{"axes", list({1})}, {"keepdims", int64_t{0}}});
  EXPECT_EQ(views.operators(), "Activation Reshape Reduce Reshape");
  EXPECT_EQ(views.shape(), (Shape{2, 5}));
}

/// x -> operators in a row, all of them of x's shape; the output is the last one's.
Graph chain(const std::vector<Operator>& operators) {
  Graph graph;
  graph.values.push_back({"x", Shape{2, 5}});
  graph.inputs = {0};
  graph.output = 0;
  for (const Operator& op : operators) {
    graph.values.push_back({"v", Shape{2, 5}});
    graph.nodes.push_back({op, "n", {graph.output}, graph.output + 1});
    ++graph.output;
  }
  return graph;
}

TEST(CutSoftmax, NotInsideTheNetwork) {
  EXPECT_EQ(cut_softmax(chain({Softmax{}, Activation{Activation::Kind::kRelu}})).nodes.size(), 2U);
  EXPECT_EQ(cut_softmax(chain({Softmax{}, Reduce{Reduce::Kind::kMax, {}}})).nodes.size(), 2U);
  EXPECT_EQ(cut_softmax(chain({Softmax{}, Reduce{Reduce::Kind::kMean, {}}})).nodes.size(), 1U);
  const Graph twice = cut_softmax(chain({Softmax{}, Softmax{}}));
  ASSERT_EQ(twice.nodes.size(), 1U) << "the first is part of what the second's logits are";
  EXPECT_EQ(twice.output, 1);
}

TEST(Simplify, AGraphWithoutNodesStaysAsItIs) {
  const Graph graph = simplify(chain({}));
  EXPECT_TRUE(graph.nodes.empty());
  EXPECT_EQ(graph.output, graph.inputs[0]);
  Graph unread = chain({Activation{Activation::Kind::kRelu}, Softmax{}});
  unread.output = unread.inputs[0];
  EXPECT_TRUE(simplify(std::move(unread)).nodes.empty()) << "nothing leads to the input";
}

TEST(Simplify, AnOutputThatIsReadInsideAsWell) {
  auto batch_norm = with_convolution();  // scaled for another output: the convolution itself is not
  batch_norm.floats("two", {}, {2}).node("Mul", {"c", "two"}, {"d"}).output("c");
  EXPECT_EQ(batch_norm.operators(), "Convolution");
  EXPECT_EQ(node_as<Convolution>(batch_norm.specialise(), 0).weight->as_doubles(),
            (std::vector<double>{1, 1, 1, 1, 1, 1}));
  ModelBuilder scores({2, 5});
  scores.node("Relu", {"x"}, {"r"}).node("Softmax", {"r"}, {"s"}).node("Relu", {"s"}, {"z"}).output("s");
  EXPECT_EQ(scores.operators(), "Activation") << "what reads the softmax does not lead to the output";
  Graph passes = chain({Activation{Activation::Kind::kRelu}, Affine{}, Activation{Activation::Kind::kRelu}});
  passes.output = 1;
  EXPECT_EQ(merge_affine(std::move(passes)).nodes.size(), 1U);
}

TEST(DropDead, WhatNothingReadsIsGone) {
  auto m = with_convolution();
  m.node("Relu", {"c"}, {"unused"}).output("c");
  EXPECT_EQ(m.operators(), "Convolution");
}

}  // namespace
}  // namespace relevid::graph
