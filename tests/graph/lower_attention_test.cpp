// SPDX-License-Identifier: Apache-2.0
// Attention as one node, guards and masks: what they are lowered to, and what is refused.
#include <gtest/gtest.h>

#include <limits>

#include "graph/model_builder.h"
#include "graph/specialise.h"
#include "relevid/error.h"
#include "support/scratch.h"

namespace relevid::graph {
namespace {

using testing::list;
using testing::message_of;
using testing::ModelBuilder;
using testing::node_as;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::string refusal_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
}
void expect_contains(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// Attention of four tokens with themselves.
ModelBuilder attention(testing::Attributes attributes, std::vector<std::string> more = {}) {
  ModelBuilder m({2, 3, 4, 5}, 23);
  std::vector<std::string> inputs = {"x", "x", "x"};
  inputs.insert(inputs.end(), more.begin(), more.end());
  m.tensor("mask", Tensor::from(Shape{1, 4}, std::vector<bool>{true, true, false, true}));
  m.tensor("nothing", Tensor::from(Shape{1, 4}, std::vector<bool>(4, false)));
  m.node("Attention", inputs, {"y"}, std::move(attributes));
  return m;
}

Attention attention_in(const Graph& graph) {
  for (const Node& node : graph.nodes) {
    if (const auto* op = std::get_if<Attention>(&node.op)) return *op;
  }
  ADD_FAILURE() << "no attention";
  return {};
}

TEST(LowerAttention, IsTheProductsThatItStandsFor) {
  const ModelBuilder plain = attention({});
  EXPECT_NE(plain.operators().find("Attention"), std::string::npos) << plain.operators();
  const Graph graph = plain.specialise();
  EXPECT_EQ(graph.shape(graph.output), (Shape{2, 3, 4, 5}));
  EXPECT_NEAR(attention_in(graph).scale, 0.4472136, 1e-7);
  EXPECT_EQ(attention_in(attention({{"scale", 1.0}}).specialise()).scale, 1);
}

TEST(LowerAttention, MasksAreAddedAndFinite) {
  for (const ModelBuilder& m : {attention({}, {"mask"}), attention({{"is_causal", int64_t{1}}})}) {
    int masks = 0;
    for (const auto& bias : attention_in(m.specialise()).biases) {
      for (const float shift : bias.values->values<float>()) {
        EXPECT_TRUE(shift == 0 || (shift < -1e29F && shift > -kInfinity)) << shift;
        masks += shift != 0;
      }
    }
    EXPECT_GT(masks, 0);
  }
}

TEST(LowerAttention, FormsThatCannotBeTakenSayWhy) {
  expect_contains(refusal_of(attention({}, {"", "x", "x"})), "a cache of keys and values");
  expect_contains(refusal_of(attention({}, {"nothing"})), "leaves a query no key");
  expect_contains(refusal_of(attention({}, {"mask"})
                                 .node("Relu", {"y"}, {"z"})
                                 .node("Attention", {"x", "x", "x"}, {"a", "k"})
                                 .node("Add", {"a", "k"}, {"s"})),
                  "its output 'k' is read");
  ModelBuilder heads({2, 3, 6}, 23);
  heads.node("Attention", {"x", "x", "x"}, {"y"});
  expect_contains(message_of(ErrorKind::kCorruptInput, [&] { heads.specialise(); }), "no number of heads");
  ModelBuilder misfit({2, 3, 4, 5}, 23);
  misfit.filled("k", {2, 2, 4, 5}, 1).node("Attention", {"x", "k", "k"}, {"y"});
  expect_contains(message_of(ErrorKind::kCorruptInput, [&] { misfit.specialise(); }), "do not fit");
  ModelBuilder turned({2, 3, 4, 5}, 23);
  turned.filled("c", {2, 4, 2}, 1).node("RotaryEmbedding", {"x", "c", "c"}, {"y"});
  expect_contains(message_of(ErrorKind::kCorruptInput, [&] { turned.specialise(); }),
                  "5 of 5 numbers are turned");
}

TEST(LowerAttention, AGuardAgainstNanIsDropped) {
  ModelBuilder m({2, 3, 4});
  m.floats("zero", {}, {0}).node("Softmax", {"x"}, {"s"}).node("IsNaN", {"s"}, {"n"});
  m.node("Where", {"n", "zero", "s"}, {"w"}).node("Relu", {"w"}, {"y"});
  EXPECT_EQ(m.operators(), "Softmax Activation");
}

TEST(LowerAttention, OtherUsesOfAQuestionAboutNanAreRefused) {
  ModelBuilder other({2, 4});
  other.floats("zero", {}, {0}).node("Relu", {"x"}, {"r"}).node("IsNaN", {"r"}, {"n"});
  other.node("Where", {"n", "zero", "x"}, {"y"});
  expect_contains(refusal_of(other), "a guard against NaN of another value");
  ModelBuilder read({2, 4});
  read.node("IsNaN", {"x"}, {"n"}).node("Add", {"x", "n"}, {"y"});
  expect_contains(refusal_of(read), "input 1 is a question about NaN, and must be computed");
  ModelBuilder computed({2, 4});
  computed.node("Where", {"x", "x", "x"}, {"y"});
  expect_contains(refusal_of(computed), "a computed condition");
}

TEST(LowerAttention, WhereWithOneTakenBranchIsThatBranch) {
  ModelBuilder m({2, 4});
  m.tensor("yes", Tensor::from(Shape{4}, std::vector<bool>(4, true))).floats("low", {}, {-kInfinity});
  m.node("Where", {"yes", "x", "low"}, {"w"}).node("Relu", {"w"}, {"y"});
  EXPECT_EQ(m.operators(), "Activation");
}

TEST(LowerAttention, ConstantsJoinedToATensorAreAdded) {
  ModelBuilder m({2, 3, 4});
  std::vector<float> tokens = {1, 2, 3, 4, 1, 2, 3, 4};
  m.floats("token", {2, 1, 4}, tokens).node("Concat", {"token", "x"}, {"y"}, {{"axis", int64_t{1}}});
  ASSERT_EQ(m.operators(), "Pad Affine");
  const Graph graph = m.specialise();
  EXPECT_EQ(node_as<Affine>(graph, 1).shift->shape(), (Shape{1, 4, 4})) << "the same for every clip";
  EXPECT_EQ(node_as<Affine>(graph, 1).shift->values<float>()[3], 4);
  EXPECT_EQ(node_as<Affine>(graph, 1).shift->values<float>()[4], 0);
}

TEST(LowerAttention, ExtremaWithNumbersAreClips) {
  ModelBuilder m({2, 4});
  m.floats("low", {}, {-1})
      .floats("high", {1}, {2})
      .node("Max", {"low", "x"}, {"m"})
      .node("Min", {"m", "high"}, {"y"});
  EXPECT_EQ(node_as<Activation>(m.specialise(), 0).alpha, -1);
  EXPECT_EQ(node_as<Activation>(m.specialise(), 1).beta, 2);
  ModelBuilder rectifier({2, 4});
  rectifier.floats("zero", {}, {0}).node("Max", {"x", "zero"}, {"y"});
  EXPECT_EQ(node_as<Activation>(rectifier.specialise(), 0).kind, Activation::Kind::kRelu);
  ModelBuilder both({2, 4});
  both.node("Relu", {"x"}, {"r"}).node("Max", {"x", "r"}, {"y"});
  expect_contains(refusal_of(both), "several computed operands");
  ModelBuilder row({2, 4});
  row.floats("c", {4}, {1, 2, 3, 4}).node("Min", {"x", "c"}, {"y"});
  expect_contains(refusal_of(row), "not a single number");
}

}  // namespace
}  // namespace relevid::graph
