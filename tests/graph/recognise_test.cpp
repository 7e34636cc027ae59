// SPDX-License-Identifier: Apache-2.0
// Operators that exporters take apart: GELU and attention; and how tokens are kept.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/model_builder.h"
#include "graph/simplify.h"
#include "graph/specialise.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::ModelBuilder;
using testing::node_as;

TEST(RecogniseGelu, FindsEveryOrderOfItsFactors) {
  for (const char* order : {"half first", "half last", "half in the middle"}) {
    ModelBuilder m({2, 3, 4});
    m.floats("root", {}, {1.41421356F}).floats("one", {}, {1}).floats("half", {}, {0.5});
    m.node("Div", {"x", "root"}, {"d"}).node("Erf", {"d"}, {"e"}).node("Add", {"e", "one"}, {"a"});
    if (order == std::string("half first"))
      m.node("Mul", {"x", "half"}, {"h"}).node("Mul", {"h", "a"}, {"y"});
    else if (order == std::string("half last"))
      m.node("Mul", {"x", "a"}, {"h"}).node("Mul", {"h", "half"}, {"y"});
    else
      m.node("Mul", {"a", "half"}, {"h"}).node("Mul", {"h", "x"}, {"y"});
    const Graph graph = m.specialise();
    ASSERT_EQ(graph.nodes.size(), size_t{1}) << order;
    EXPECT_EQ(node_as<Activation>(graph, 0).kind, Activation::Kind::kGelu) << order;
  }
}

TEST(RecogniseGelu, FindsTheApproximationByTanh) {
  for (const bool power : {true, false}) {
    ModelBuilder m({2, 3, 4});
    m.floats("three", {}, {3}).floats("bend", {}, {0.044715F}).floats("k", {}, {0.79788456F});
    m.floats("one", {}, {1}).floats("half", {}, {0.5F});
    if (power)
      m.node("Pow", {"x", "three"}, {"p"});
    else
      m.node("Mul", {"x", "x"}, {"q"}).node("Mul", {"q", "x"}, {"p"});
    m.node("Mul", {"p", "bend"}, {"b"}).node("Add", {"x", "b"}, {"s"}).node("Mul", {"s", "k"}, {"u"});
    m.node("Tanh", {"u"}, {"t"}).node("Add", {"one", "t"}, {"a"}).node("Mul", {"x", "half"}, {"h"});
    const Graph graph = m.node("Mul", {"h", "a"}, {"y"}).specialise();
    ASSERT_EQ(graph.nodes.size(), size_t{1});
    EXPECT_EQ(node_as<Activation>(graph, 0).kind, Activation::Kind::kGeluTanh);
  }
}

/// Another function of the same parts stays what it is, and a gate that gates itself.
TEST(RecogniseGelu, LeavesOtherFunctions) {
  ModelBuilder m({2, 3, 4});
  m.floats("root", {}, {1.5F}).floats("one", {}, {1}).floats("half", {}, {0.5});
  m.node("Div", {"x", "root"}, {"d"}).node("Erf", {"d"}, {"e"}).node("Add", {"e", "one"}, {"a"});
  const Graph graph = m.node("Mul", {"x", "half"}, {"h"}).node("Mul", {"h", "a"}, {"y"}).specialise();
  EXPECT_EQ(std::get<Multiply>(graph.nodes.back().op).gate, 1);
}

const Attention& attention_in(const Graph& graph) {
  const Attention* found = nullptr;
  for (const Node& node : graph.nodes) {
    if (const auto* op = std::get_if<Attention>(&node.op)) found = op;
  }
  if (!found) throw std::runtime_error("no attention was found");
  return *found;
}

int count_of(const Graph& graph, std::string_view name) {
  return static_cast<int>(std::ranges::count_if(
      graph.nodes, [&](const Node& node) { return std::string_view(graph::name(node.op)) == name; }));
}

TEST(RecogniseAttention, TakesFactorsOfScoresQueriesAndKeys) {
  ModelBuilder m({2, 5, 4});
  m.floats("half", {}, {0.5}).floats("three", {}, {3}).floats("five", {1}, {5});
  m.node("Mul", {"x", "half"}, {"q"}).node("Mul", {"x", "three"}, {"scaled"});
  m.node("Transpose", {"scaled"}, {"k"}, {{"perm", list({0, 2, 1})}});
  m.node("MatMul", {"q", "k"}, {"p"}).node("Mul", {"p", "five"}, {"s"}).node("Softmax", {"s"}, {"a"});
  const Graph graph = m.node("MatMul", {"a", "x"}, {"y"}).specialise();
  EXPECT_DOUBLE_EQ(attention_in(graph).scale, 0.5 * 3 * 5);
  EXPECT_TRUE(attention_in(graph).biases.empty());
  EXPECT_EQ(count_of(graph, "Affine"), 0);
  EXPECT_EQ(count_of(graph, "Softmax"), 0);
}

/// Windows times heads: a relative position for every head, a mask for every window.
TEST(RecogniseAttention, RepeatsBiasesOverStacks) {
  ModelBuilder m({4, 3, 2, 5});  // [batch x windows, heads, tokens, size]
  m.floats("position", {1, 3, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  m.floats("mask", {1, 2, 1, 2, 2}, {0, -100, 0, 0, 0, 0, 0, -100});
  m.ints("split", {2, 2, 3, 2, 2}).ints("joined", {4, 3, 2, 2});
  m.node("Transpose", {"x"}, {"k"}, {{"perm", list({0, 1, 3, 2})}}).node("MatMul", {"x", "k"}, {"p"});
  m.node("Add", {"p", "position"}, {"s"})
      .node("Reshape", {"s", "split"}, {"w"})
      .node("Add", {"w", "mask"}, {"v"});
  m.node("Reshape", {"v", "joined"}, {"j"}).node("Softmax", {"j"}, {"a"}).node("MatMul", {"a", "x"}, {"y"});
  const Graph graph = m.specialise();
  const Attention& attention = attention_in(graph);
  ASSERT_EQ(attention.biases.size(), size_t{2});
  const auto& mask = attention.biases[0];
  const auto& position = attention.biases[1];
  EXPECT_EQ(mask.values->shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(mask.repeat, 3) << "heads of one window share its mask";
  EXPECT_EQ(mask.values->as_doubles(), (std::vector<double>{0, -100, 0, 0, 0, 0, 0, -100}));
  EXPECT_EQ(position.values->shape(), (Shape{3, 2, 2}));
  EXPECT_EQ(position.repeat, 1);
}

TEST(RecogniseAttention, TakesAComputedBias) {
  ModelBuilder m({2, 5, 5});
  m.node("Relu", {"x"}, {"b"}).node("MatMul", {"x", "x"}, {"p"}).node("Add", {"b", "p"}, {"s"});
  const Graph graph = m.node("Softmax", {"s"}, {"a"}).node("MatMul", {"a", "x"}, {"y"}).specialise();
  EXPECT_EQ(graph.nodes.back().inputs.size(), size_t{4});
  EXPECT_DOUBLE_EQ(attention_in(graph).scale, 1);
}

TEST(RecogniseAttention, LeavesWhatIsNone) {
  const auto operators = [](const char* axis_or_reader) {
    ModelBuilder m({2, 5, 5});
    const bool other_axis = axis_or_reader == std::string("axis");
    m.node("MatMul", {"x", "x"}, {"p"})
        .node("Softmax", {"p"}, {"a"}, {{"axis", int64_t{other_axis ? 1 : 2}}});
    m.node("MatMul", {"a", "x"}, {"z"});
    if (other_axis)
      m.node("Relu", {"z"}, {"y"});
    else
      m.node("Add", {"z", "a"}, {"y"});  // the weights themselves are read
    return m.specialise();
  };
  for (const char* why : {"axis", "reader"}) {
    EXPECT_EQ(count_of(operators(why), "Attention"), 0) << why;
    EXPECT_EQ(count_of(operators(why), "MatMul"), 2) << why;
  }
  ModelBuilder scaled({2, 5, 5});
  scaled.floats("n", {}, {5}).node("MatMul", {"x", "x"}, {"p"}).node("Div", {"p", "n"}, {"s"});
  scaled.node("Transpose", {"s"}, {"t"}, {{"perm", list({0, 2, 1})}}).node("MatMul", {"x", "t"}, {"y"});
  const Graph graph = scaled.specialise();
  EXPECT_EQ(std::get<MatMul>(graph.nodes.back().op).weights, 1)
      << "dot-product non-local blocks have no softmax";
}

TEST(MergeMovement, MakesOneOfTransposes) {
  ModelBuilder m({2, 3, 4});
  m.node("Transpose", {"x"}, {"a"}, {{"perm", list({0, 2, 1})}})
      .node("Transpose", {"a"}, {"b"}, {{"perm", list({2, 0, 1})}});
  m.node("Relu", {"b"}, {"y"});
  const Graph graph = m.specialise();
  ASSERT_EQ(graph.nodes.size(), size_t{2});
  EXPECT_EQ(node_as<Transpose>(graph, 0).permutation, list({1, 0, 2}));
  ModelBuilder back({2, 3, 4});
  back.node("Transpose", {"x"}, {"a"}, {{"perm", list({0, 2, 1})}})
      .node("Transpose", {"a"}, {"b"}, {{"perm", list({0, 2, 1})}});
  back.node("Relu", {"b"}, {"y"});
  EXPECT_EQ(back.operators(), "Activation") << "there and back is nowhere";
}

/// [batch, tokens, heads, size] between layers over the last axis, as a transformer has it.
TEST(KeepTokensPlain, GivesSixAxesToWhatIsNoVolume) {
  ModelBuilder m({2, 6, 8});
  m.floats("w", {8, 8}, std::vector<float>(64, 0.1F)).ints("heads", {2, 6, 2, 4}).ints("whole", {2, 6, 8});
  m.node("MatMul", {"x", "w"}, {"q"}).node("Reshape", {"q", "heads"}, {"h"});
  m.node("Transpose", {"h"}, {"t"}, {{"perm", list({0, 2, 1, 3})}}).node("Relu", {"t"}, {"r"});
  m.node("Transpose", {"r"}, {"b"}, {{"perm", list({0, 2, 1, 3})}}).node("Reshape", {"b", "whole"}, {"j"});
  const Graph graph = m.node("MatMul", {"j", "w"}, {"y"}).specialise();
  for (const Node& node : graph.nodes) {
    const int64_t rank = graph.shape(node.output).rank();
    EXPECT_TRUE(rank == 3 || rank == 6) << graph::name(node.op) << " of rank " << rank;
  }
  EXPECT_EQ(node_as<Transpose>(graph, 2).permutation, list({0, 1, 2, 4, 3, 5}));
}

TEST(KeepTokensPlain, LeavesVolumes) {
  ModelBuilder m({1, 3, 4, 6, 6});
  m.floats("w", {4, 3, 1, 1, 1}, std::vector<float>(12, 0.1F)).node("Conv", {"x", "w"}, {"c"});
  m.node("Relu", {"c"}, {"r"}).node("Add", {"r", "c"}, {"s"}).node("GlobalAveragePool", {"s"}, {"y"});
  const Graph graph = m.specialise();
  for (const Node& node : graph.nodes) EXPECT_EQ(graph.shape(node.output).rank(), 5) << graph::name(node.op);
}

}  // namespace
}  // namespace relevid::graph
