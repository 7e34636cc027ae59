// SPDX-License-Identifier: Apache-2.0
// If, Loop and sequences where shapes make them static, and where they do not.
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "graph/specialise.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::message_of;
using testing::ModelBuilder;

std::string refusal_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
}
std::string damage_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kCorruptInput, [&] { m.specialise(); });
}
void expect_contains(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

ModelNode node(const std::string& op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  return {op, outputs.at(0), std::move(inputs), std::move(outputs), {}};
}
SubgraphRef graph_of(std::vector<ModelNode> nodes, std::vector<std::string> inputs,
                     std::vector<std::string> outputs) {
  auto graph = std::make_shared<Subgraph>();
  graph->nodes = std::move(nodes);
  graph->inputs = std::move(inputs);
  graph->outputs = std::move(outputs);
  return graph;
}

SubgraphRef branch(const std::string& op) {
  return graph_of({node(op, {"x"}, {"b"})}, {}, {"b"});
}

TEST(ControlFlow, TheBranchThatTheShapeTakesIsRun) {
  for (const int64_t size : {3, 4}) {
    ModelBuilder m({2, 3});
    m.scalar("axis", 1).scalar("size", size);
    m.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "axis"}, {"n"}).node("Equal", {"n", "size"}, {"c"});
    m.node("If", {"c"}, {"y"}, {{"then_branch", branch("Relu")}, {"else_branch", branch("Sigmoid")}});
    const Graph graph = m.specialise();
    ASSERT_EQ(graph.nodes.size(), 1U);
    EXPECT_EQ(std::get<Activation>(graph.nodes[0].op).kind,
              size == 3 ? Activation::Kind::kRelu : Activation::Kind::kSigmoid);
  }
}

TEST(ControlFlow, ConditionsThatAreComputedAreRefused) {
  ModelBuilder m({1, 1});
  m.node("If", {"x"}, {"y"}, {{"then_branch", branch("Relu")}, {"else_branch", branch("Sigmoid")}});
  expect_contains(refusal_of(m), "If 'y': input 0 is computed, and must be a constant");
}

TEST(ControlFlow, OnlyTheTakenBranchIsLookedAt) {
  ModelBuilder m({2, 3});
  m.scalar("yes", 1).node("If", {"yes"}, {"y"},
                          {{"then_branch", branch("Relu")}, {"else_branch", branch("Mish")}});
  EXPECT_EQ(m.operators(), "Activation");
  ModelBuilder other({2, 3});
  other.scalar("no", 0).node("If", {"no"}, {"y"},
                             {{"then_branch", branch("Relu")}, {"else_branch", branch("Mish")}});
  expect_contains(refusal_of(other), "Mish 'b': operator not supported");
}

/// Adds the step's number to what is carried, and gives every sum.
SubgraphRef counting_body(const std::string& condition) {
  return graph_of({node("Add", {"a", "x"}, {"sum"}), node("Relu", {"sum"}, {"every"}),
                   node("Identity", {condition}, {"go_on"})},
                  {"i", "go", "a"}, {"go_on", "sum", "every"});
}

TEST(ControlFlow, LoopsAreUnrolled) {
  ModelBuilder m({2, 3});
  m.scalar("trips", 3)
      .scalar("yes", 1)
      .node("Loop", {"trips", "yes", "x"}, {"last", "all"}, {{"body", counting_body("go")}});
  m.output("all");
  EXPECT_EQ(m.shape(), (Shape{3, 2, 3}));
  EXPECT_EQ(m.operators().substr(0, 14), "Add Activation");
  m.output("last");
  EXPECT_EQ(m.operators(), "Add Add Add");
}

TEST(ControlFlow, NamesOfAStepEndWithIt) {
  ModelBuilder m({2, 3});  // what is called 'sum' outside stays what it was
  m.scalar("trips", 2).scalar("yes", 1).node("Relu", {"x"}, {"sum"});
  m.node("Loop", {"trips", "yes", "x"}, {"last", "all"}, {{"body", counting_body("go")}});
  m.node("Sigmoid", {"sum"}, {"y"});
  EXPECT_EQ(m.operators(), "Activation Activation");
  ModelBuilder inner({2, 3});
  inner.scalar("trips", 1)
      .scalar("yes", 1)
      .node("Loop", {"trips", "yes", "x"}, {"last", "all"}, {{"body", counting_body("go")}});
  inner.node("Relu", {"every"}, {"y"});
  EXPECT_THROW(inner.specialise(), Error) << "a name of a step is read after it";
}

TEST(ControlFlow, EndlessLoopsAreErrors) {
  for (const int64_t trips : {int64_t{1} << 60, int64_t{-1}}) {
    ModelBuilder m({2, 3});
    m.scalar("trips", trips).scalar("yes", 1);
    m.node("Loop", {trips < 0 ? "" : "trips", "yes", "x"}, {"last", "all"}, {{"body", counting_body("go")}});
    expect_contains(message_of(ErrorKind::kResourceLimit, [&] { m.specialise(); }), "Loop 'last'");
    // Nothing inside, so that only the trips cost.
    ModelBuilder empty({2, 3});
    empty.scalar("trips", trips)
        .scalar("yes", 1)
        .node("Loop", {trips < 0 ? "" : "trips", "yes", "x"}, {"y"},
              {{"body", graph_of({}, {"i", "go", "a"}, {"go", "a"})}});
    message_of(ErrorKind::kResourceLimit, [&] { empty.specialise(); });
  }
}

TEST(ControlFlow, LoopsInLoopsShareTheLimit) {
  SubgraphRef body = graph_of({}, {"i0", "go0", "a0"}, {"go0", "a0"});
  for (int depth = 1; depth < 6; ++depth) {
    const std::string n = std::to_string(depth);
    ModelNode loop = node("Loop", {"trips", "yes", "a" + n}, {"b" + n});
    loop.attributes["body"] = body;
    body = graph_of({loop}, {"i" + n, "go" + n, "a" + n}, {"go" + n, "b" + n});
  }
  ModelBuilder m({2, 3});
  m.scalar("trips", 1000).scalar("yes", 1).node("Loop", {"trips", "yes", "x"}, {"y"}, {{"body", body}});
  message_of(ErrorKind::kResourceLimit, [&] { m.specialise(); });
}

TEST(ControlFlow, LargeConstantsAgainAndAgainAreAnError) {
  const SubgraphRef body = graph_of({node("Add", {"a", "c"}, {"b"})}, {"i", "go", "a"}, {"go", "b"});
  ModelBuilder m({2, 3});
  m.filled("c", {1 << 20}, 1).scalar("trips", 100'000).scalar("yes", 1);
  m.node("Loop", {"trips", "yes", "c"}, {"l"}, {{"body", body}}).node("Relu", {"x"}, {"y"});
  expect_contains(message_of(ErrorKind::kResourceLimit, [&] { m.specialise(); }), "operations");
}

TEST(ControlFlow, BodiesThatDoNotFitAreErrors) {
  const auto loop = [](SubgraphRef body, std::vector<std::string> outputs) {
    ModelBuilder m({2, 3});
    m.scalar("trips", 1).scalar("yes", 1).ints("two", {1, 1});
    m.node("Loop", {"trips", "yes", "x"}, std::move(outputs), {{"body", std::move(body)}});
    return m;
  };
  for (const ModelBuilder& m : {loop(counting_body("go"), {"y"}), loop(graph_of({}, {}, {}), {"y"}),
                                loop(graph_of({}, {"i", "go", "a"}, {"go"}), {"y"})})
    expect_contains(damage_of(m), "does not fit");
  expect_contains(
      damage_of(loop(graph_of({node("Identity", {"two"}, {"c"})}, {"i", "go", "a"}, {"c", "a"}), {"y"})
                    .scalar("trips", 2)),
      "a condition of shape [2]");
  ModelBuilder none({2, 3});
  none.node("Loop", {"x", "x", "x"}, {"y"});
  expect_contains(damage_of(none), "no attribute 'body'");
  expect_contains(refusal_of(loop(counting_body("x"), {"y", "z"}).scalar("trips", 2)), "is computed");
}

TEST(ControlFlow, SequencesOfWrongPositionsAreErrors) {
  const auto at = [](const char* op, int64_t position) {
    ModelBuilder m({2, 3});
    m.scalar("p", position).node("SequenceConstruct", {"x", "x"}, {"s"});
    std::vector<std::string> inputs = {"s", "p"};
    if (op == std::string("SequenceInsert")) inputs = {"s", "x", "p"};
    m.node(op, inputs, {"t"});
    return m;
  };
  for (const char* op : {"SequenceAt", "SequenceErase", "SequenceInsert"}) {
    for (const int64_t position : {int64_t{3}, int64_t{-3}, int64_t{1} << 62})
      expect_contains(damage_of(at(op, position)), "in a sequence of 2");
  }
  ModelBuilder empty({2, 3});
  empty.node("SequenceEmpty", {}, {"s"}).node("SequenceErase", {"s"}, {"t"});
  expect_contains(damage_of(empty), "empty sequence");
  ModelBuilder parts({2, 3});
  parts.ints("sizes", {1, 1}).node("SplitToSequence", {"x", "sizes"}, {"s"}, {{"axis", int64_t{1}}});
  expect_contains(damage_of(parts), "the parts do not add up to 3");
  ModelBuilder read({2, 3});
  read.node("SequenceConstruct", {"x"}, {"s"}).node("Relu", {"s"}, {"y"});
  expect_contains(refusal_of(read), "input 0 is a sequence, and must be computed");
}

}  // namespace
}  // namespace relevid::graph
