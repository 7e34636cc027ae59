// SPDX-License-Identifier: Apache-2.0
// What picks and writes by constant indices, and products with constants of any rank: what they are lowered
// to, and what is refused. What they compute is tested against ONNX Runtime (tests/network).
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
using testing::node_as;

std::string refusal_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kUnsupportedModel, [&] { m.specialise(); });
}
std::string damage_of(const ModelBuilder& m) {
  return message_of(ErrorKind::kCorruptInput, [&] { m.specialise(); });
}
void expect_contains(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// Indices of a shape.
ModelBuilder& indices(ModelBuilder& m, const std::string& name, Shape shape,
                      const std::vector<int64_t>& values) {
  return m.tensor(name, Tensor::from(std::move(shape), values));
}

TEST(LowerIndexing, TileRepeatsAlongEveryAxis) {
  ModelBuilder m({2, 3, 4});
  m.ints("r", {1, 2, 3}).node("Tile", {"x", "r"}, {"y"});
  EXPECT_EQ(m.operators(), "Resample Resample");
  EXPECT_EQ(m.shape(), (Shape{2, 6, 12}));
  EXPECT_EQ(node_as<Resample>(m.specialise(), 0).taps[5].from, 2);
  ModelBuilder once({2, 3});
  once.ints("r", {1, 1}).node("Tile", {"x", "r"}, {"t"}).node("Relu", {"t"}, {"y"});
  EXPECT_EQ(once.operators(), "Activation");
}

TEST(LowerIndexing, HostileRepeatsAreErrors) {
  const auto tile = [](const std::string& of, const std::vector<int64_t>& repeats) {
    ModelBuilder m({2, 3});
    m.filled("c", {2, 3}, 1).ints("r", repeats).node("Tile", {of, "r"}, {"t"}).node("Add", {"x", "t"}, {"y"});
    return m;
  };
  for (const char* of : {"x", "c"}) {
    expect_contains(damage_of(tile(of, {1})), "1 repeats for [2, 3]");
    expect_contains(damage_of(tile(of, {-1, 1})), "-1 repeats");
    expect_contains(damage_of(tile(of, {int64_t{1} << 40, 1})), "repeats");
    message_of(ErrorKind::kResourceLimit, [&] { tile(of, {1 << 26, 1 << 26}).specialise(); });
  }
}

TEST(LowerIndexing, RowsInARunAreASlice) {
  ModelBuilder run({1, 5, 4});
  indices(run, "i", {3, 2}, {0, 1, 0, 2, 0, 3}).node("GatherND", {"x", "i"}, {"y"});
  EXPECT_EQ(run.operators(), "Slice Reshape");
  EXPECT_EQ(run.shape(), (Shape{3, 4}));
  ModelBuilder others({1, 5, 4});
  indices(others, "i", {2, 2}, {0, 4, 0, -4}).node("GatherND", {"x", "i"}, {"y"});
  EXPECT_EQ(others.operators(), "Resample Reshape");
  const Graph graph = others.specialise();
  EXPECT_EQ(node_as<Resample>(graph, 0).taps[1].from, 1);
}

TEST(LowerIndexing, ClipsOfABatchStayApart) {
  ModelBuilder same({2, 3, 4});
  indices(same, "i", {2, 1, 2}, {0, 2, 1, 2}).node("GatherND", {"x", "i"}, {"y"});
  EXPECT_EQ(same.operators(), "Slice");
  EXPECT_EQ(same.shape(), (Shape{2, 1, 4}));
  ModelBuilder other({2, 3, 4});
  indices(other, "i", {2, 1, 2}, {0, 2, 1, 1}).node("GatherND", {"x", "i"}, {"y"});
  expect_contains(refusal_of(other), "differ between the clips of a batch");
  ModelBuilder constant({2, 3, 4});
  constant.floats("c", {2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8}).node("MatMul", {"x", "c"}, {"y"});
  expect_contains(refusal_of(constant), "differs between the clips of a batch");
  ModelBuilder sum({2, 3});
  sum.node("Einsum", {"x"}, {"y"}, {{"equation", std::string("ij->j")}});
  expect_contains(refusal_of(sum), "a sum over the clips of a batch");
}

TEST(LowerIndexing, IndicesOutsideAreErrors) {
  for (const char* op : {"GatherND", "ScatterND"}) {
    for (const std::vector<int64_t>& pair :
         {list({0, 3}), list({0, -4}), list({1, 0}), list({0, int64_t{1} << 62})}) {
      ModelBuilder m({1, 3, 4});
      indices(m, "i", {1, 2}, pair).filled("u", {1, 4}, 1);
      std::vector<std::string> inputs = {"x", "i"};
      if (op == std::string("ScatterND")) inputs.emplace_back("u");
      m.node(op, inputs, {"y"});
      expect_contains(damage_of(m), "is outside");
    }
    ModelBuilder many({1, 3});
    indices(many, "i", {1, 3}, {0, 0, 0}).filled("u", {1}, 1);
    std::vector<std::string> inputs = {"x", "i"};
    if (op == std::string("ScatterND")) inputs.emplace_back("u");
    many.node(op, inputs, {"y"});
    expect_contains(damage_of(many), "do not fit");
  }
}

/// As a slice that is written to is exported: the axis in front, its indices one by one, and back.
TEST(LowerIndexing, WritingToASliceIsAConcatenation) {
  ModelBuilder m({2, 5, 4});
  indices(m, "i", {4, 1}, {1, 2, 3, 4}).ints("b", {1}).ints("e", {5}).floats("two", {}, {2});
  m.node("Transpose", {"x"}, {"t"}, {{"perm", list({1, 0, 2})}}).node("Slice", {"t", "b", "e"}, {"s"});
  m.node("Mul", {"s", "two"}, {"u"}).node("ScatterND", {"t", "i", "u"}, {"w"});
  m.node("Transpose", {"w"}, {"y"}, {{"perm", list({1, 0, 2})}});
  EXPECT_EQ(m.operators(), "Transpose Slice Affine Transpose Slice Concat");
  EXPECT_EQ(m.shape(), (Shape{2, 5, 4}));
}

TEST(LowerIndexing, ScatterInItsForms) {
  const auto scatter = [](const char* data, const char* updates, const char* reduction,
                          const std::vector<int64_t>& rows) {
    ModelBuilder m({1, 4, 3});
    m.filled("c", {1, 4, 3}, 1).filled("k", {2, 3}, 1).ints("b", {0}).ints("e", {2}).ints("a", {1});
    indices(m, "i", {2, 2}, {0, rows[0], 0, rows[1]});
    m.node("Relu", {"x"}, {"r"}).node("Slice", {"r", "b", "e", "a"}, {"s"}).ints("flat", {2, 3});
    m.node("Reshape", {"s", "flat"}, {"u"});
    m.node("ScatterND", {data, "i", updates}, {"y"}, {{"reduction", std::string(reduction)}});
    return m.operators();
  };
  const std::string updates = "Activation Slice ";
  EXPECT_EQ(scatter("r", "u", "none", {1, 2}), updates + "Slice Slice Concat");
  EXPECT_EQ(scatter("r", "u", "none", {3, 0}), updates + "Concat Resample");
  EXPECT_EQ(scatter("r", "u", "add", {1, 2}), updates + "Pad Add");
  EXPECT_EQ(scatter("r", "u", "add", {3, 3}), updates + "Resample Add");
  EXPECT_EQ(scatter("c", "u", "none", {0, 1}), updates + "Pad Affine");
  EXPECT_EQ(scatter("r", "k", "none", {0, 1}), "Activation Affine");
}

TEST(LowerIndexing, ScattersThatCannotBeTakenSayWhy) {
  ModelBuilder m({1, 4});
  indices(m, "i", {1, 2}, {0, 1}).filled("u", {1}, 1);
  m.node("ScatterND", {"x", "i", "u"}, {"y"}, {{"reduction", std::string("mul")}});
  expect_contains(refusal_of(m), "reduction 'mul'; none and add are taken");
  ModelBuilder computed({1, 4});
  computed.filled("u", {1}, 1).node("ScatterND", {"x", "x", "u"}, {"y"});
  expect_contains(refusal_of(computed), "input 1 is computed, and must be a constant");
  ModelBuilder misfit({1, 4});
  indices(misfit, "i", {1, 2}, {0, 1}).filled("u", {3}, 1).node("ScatterND", {"x", "i", "u"}, {"y"});
  expect_contains(damage_of(misfit), "updates [3] are not [1]");
}

TEST(LowerIndexing, ProductsWithConstantsOfAnyRank) {
  const auto product = [](Shape x, Shape c, size_t constant_at) {
    ModelBuilder m(std::move(x));
    std::vector<float> values(static_cast<size_t>(c.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    m.floats("c", std::move(c), values);
    m.node("MatMul",
           constant_at == 0 ? std::vector<std::string>{"c", "x"} : std::vector<std::string>{"x", "c"}, {"y"});
    return m;
  };
  const ModelBuilder stack = product({2, 3, 4, 5}, {3, 5, 6}, 1);
  EXPECT_EQ(stack.operators(), "Reshape Transpose Reshape Convolution Reshape Transpose");
  EXPECT_EQ(stack.shape(), (Shape{2, 3, 4, 6}));
  const Graph graph = stack.specialise();
  EXPECT_EQ(node_as<Convolution>(graph, 3).groups, 3);
  EXPECT_EQ(node_as<Convolution>(graph, 3).weight->shape(), (Shape{18, 5, 1, 1}));
  EXPECT_EQ(product({2, 3, 5, 4}, {1, 3, 6, 5}, 0).operators(), "Reshape Convolution Reshape")
      << "a learnt query times the keys of every head";
  EXPECT_EQ(product({2, 3, 4, 5}, {1, 5, 6}, 1).operators(), "Dense");
  EXPECT_EQ(product({2, 3, 5}, {5}, 1).shape(), (Shape{2, 3}));
  EXPECT_EQ(product({2, 5, 3}, {5}, 0).shape(), (Shape{2, 3}));
  message_of(ErrorKind::kInvalidArgument, [&] { product({2, 3, 4}, {5, 6}, 1).specialise(); });
  message_of(ErrorKind::kInvalidArgument, [&] { product({2, 3, 4, 5}, {2, 5, 6}, 1).specialise(); });
}

TEST(LowerIndexing, EinsumIsWhatItComesDownTo) {
  const auto einsum = [](const char* equation, Shape x, Shape c) {
    ModelBuilder m(std::move(x));
    std::vector<float> values(static_cast<size_t>(c.elements()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    m.floats("c", std::move(c), values);
    m.node("Einsum", {"x", "c"}, {"y"}, {{"equation", std::string(equation)}});
    return m.operators();
  };
  EXPECT_EQ(einsum("bnc,dc->bnd", {2, 3, 4}, {5, 4}), "Dense");
  EXPECT_EQ(einsum("bnc,c->bnc", {2, 3, 4}, {4}), "Affine");
  EXPECT_EQ(einsum("bythwc,hkc->bythwk", {1, 2, 3, 4, 3, 5}, {4, 6, 5}),
            "Transpose Reshape Convolution Reshape Transpose");
}

TEST(LowerIndexing, EquationsThatCannotBeTakenSayWhy) {
  const auto einsum = [](const char* equation) {
    ModelBuilder m({2, 3, 3});
    m.filled("c", {3, 3}, 1).node("Einsum", {"x", "c"}, {"y"}, {{"equation", std::string(equation)}});
    return m;
  };
  expect_contains(refusal_of(einsum("bii,ij->bj")), "diagonal");
  for (const char* wrong :
       {"bij", "bij,jk->bix", "bij,jk->bii", "b1j,jk->bk", "bij,j->b", "bij,jk->b->k", ",,"})
    expect_contains(damage_of(einsum(wrong)), "the equation");
  expect_contains(damage_of(einsum("bij,bk->ik")), "axes 'b' of sizes 2 and 3");
}

}  // namespace
}  // namespace relevid::graph
