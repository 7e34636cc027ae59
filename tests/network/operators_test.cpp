// SPDX-License-Identifier: Apache-2.0
// ONNX operators, read and run on both libraries, against values worked out from their definitions.
#include <gtest/gtest.h>

#include <cmath>

#include "graph/model_builder.h"
#include "network/network.h"
#include "relevid/error.h"
#include "support/devices.h"
#include "support/random.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using testing::Attributes;
using testing::list;
using testing::ModelBuilder;
using Vector = std::vector<double>;

/// The output for `values` as the model's input, the same on both libraries.
Vector run(const ModelBuilder& m, const std::vector<float>& values) {
  const graph::Graph graph = m.specialise();
  Vector results[2];
  for (const bool fast : {false, true}) {
    const auto library = fast ? testing::library_under_test(1) : testing::reference_library();
    Network network(graph, *library, Purpose::kExplanation);
    const kernels::Buffer x = library->upload(Tensor::from(graph.shape(graph.inputs[0]), values));
    results[fast ? 1 : 0] = network.output(network.forward({&x, 1}, Keep::kNothing)).as_doubles();
  }
  EXPECT_EQ(results[0].size(), results[1].size());
  for (size_t i = 0; i < results[0].size(); ++i)
    EXPECT_NEAR(results[0][i], results[1][i], 1e-5 * (1 + std::abs(results[0][i])))
        << "the libraries differ at " << i;
  return results[0];
}

void expect_near(const Vector& have, const Vector& want) {
  ASSERT_EQ(have.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_NEAR(have[i], want[i], 1e-6 * (1 + std::abs(want[i]))) << "at " << i;
}

std::vector<float> counted(int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
  return values;
}

/// One row of `values` resized by scales or to `size`.
Vector resized(const std::vector<float>& values, Attributes attributes, float scale, int64_t opset = 17) {
  ModelBuilder m({1, 1, 1, static_cast<int64_t>(values.size())}, opset);
  m.floats("s", {4}, {1, 1, 1, scale});
  if (opset < 11)
    m.node(opset < 10 ? "Upsample" : "Resize", {"x", "s"}, {"y"}, std::move(attributes));
  else
    m.node("Resize", {"x", "", "s"}, {"y"}, std::move(attributes));
  return run(m, values);
}

TEST(Resize, NearestByEveryCoordinateAndRounding) {
  const std::string kMode = "coordinate_transformation_mode", kNearest = "nearest_mode";
  const auto text = [](const char* value) { return std::string(value); };
  expect_near(resized({1, 2}, {}, 2), {1, 1, 2, 2});
  expect_near(resized({1, 2}, {{kMode, text("asymmetric")}, {kNearest, text("floor")}}, 3),
              {1, 1, 1, 2, 2, 2});
  expect_near(resized({1, 2, 3, 4}, {{kMode, text("asymmetric")}, {kNearest, text("floor")}}, 0.5F), {1, 3});
  expect_near(resized({1, 2, 3, 4}, {}, 0.5F), {1, 3});  // half to the lower
  expect_near(resized({1, 2, 3, 4}, {{kNearest, text("round_prefer_ceil")}}, 0.5F), {2, 4});
  expect_near(resized({1, 2, 3}, {{kMode, text("align_corners")}, {kNearest, text("ceil")}}, 5.0F / 3),
              {1, 2, 2, 3, 3});
  expect_near(resized({1, 2}, {}, 2, 10), {1, 1, 2, 2});
  expect_near(resized({1, 2}, {{"mode", text("nearest")}}, 2, 9), {1, 1, 2, 2});
}

TEST(Resize, LinearByEveryCoordinate) {
  const auto linear = [](const char* coordinates) {
    return Attributes{{"mode", std::string("linear")},
                      {"coordinate_transformation_mode", std::string(coordinates)}};
  };
  expect_near(resized({1, 2}, linear("half_pixel"), 2), {1, 1.25, 1.75, 2});
  expect_near(resized({1, 2}, linear("asymmetric"), 2), {1, 1.5, 2, 2});
  expect_near(resized({1, 2}, linear("align_corners"), 2), {1, 4.0 / 3, 5.0 / 3, 2});
  expect_near(resized({1, 2, 3, 4}, linear("half_pixel"), 0.5F), {1.5, 3.5});
  expect_near(resized({1, 2, 3}, linear("pytorch_half_pixel"), 1.0F / 3 + 1e-4F), {1});
  expect_near(resized({1, 2, 3}, linear("align_corners"), 1.0F / 3 + 1e-4F), {1});
}

TEST(Resize, ToSizesOverTimeAndSpaceAlongNamedAxes) {
  ModelBuilder m({1, 6, 2, 1, 2});
  m.ints("to", {4, 3})
      .node("Resize", {"x", "", "", "to"}, {"y"},
            {{"axes", list({2, -1})},
             {"mode", std::string("linear")},
             {"coordinate_transformation_mode", std::string("align_corners")}});
  const Vector y = run(m, counted(24));
  ASSERT_EQ(y.size(), 6U * 12);
  expect_near(Vector(y.begin(), y.begin() + 3), {0, 0.5, 1});
  expect_near(Vector(y.begin() + 9, y.begin() + 12), {2, 2.5, 3});
}

TEST(Gather, OfSeveralIndices) {
  ModelBuilder m({2, 3, 2});
  m.ints("i", {2, 0, -1}).node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{1}}});
  expect_near(run(m, counted(12)), {4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11});
  ModelBuilder table({1, 4});
  table.ints("flat", {3, 2, 1, 0}).ints("to", {2, 2}).node("Reshape", {"flat", "to"}, {"i"});
  table.node("Gather", {"x", "i"}, {"y"}, {{"axis", int64_t{1}}});
  EXPECT_EQ(table.shape(), (Shape{1, 2, 2}));
  expect_near(run(table, {1, 2, 3, 4}), {4, 3, 2, 1});
}

TEST(Expand, RepeatsValues) {
  ModelBuilder m({2, 1, 2});
  m.ints("to", {1, 2, 3, 1}).node("Expand", {"x", "to"}, {"y"});
  EXPECT_EQ(m.shape(), (Shape{1, 2, 3, 2}));
  expect_near(run(m, counted(4)), {0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3});
}

TEST(Where, TakesByAConstantCondition) {
  const auto with = [](const std::vector<std::string>& inputs) {
    ModelBuilder m({1, 4});
    m.floats("c", {4}, {1, 0, 0, 1}).floats("k", {1}, {7}).floats("zero", {1}, {0});
    m.node("Greater", {"c", "zero"}, {"if"}).floats("two", {}, {2}).node("Mul", {"x", "two"}, {"d"});
    m.node("Where", inputs, {"y"});
    return m;
  };
  expect_near(run(with({"if", "x", "k"}), {1, 2, 3, 4}), {1, 7, 7, 4});
  expect_near(run(with({"if", "k", "x"}), {1, 2, 3, 4}), {7, 2, 3, 7});
  expect_near(run(with({"if", "x", "d"}), {1, 2, 3, 4}), {1, 4, 6, 4});
}

TEST(Activations, AreTheirDefinitions) {
  const auto of = [](const std::string& op, std::vector<float> values, Attributes attributes = {}) {
    ModelBuilder m({1, static_cast<int64_t>(values.size())}, 20);
    m.node(op, {"x"}, {"y"}, std::move(attributes));
    return run(m, values);
  };
  expect_near(of("Gelu", {-1, 0, 2}), {-0.15865525393, 0, 1.95449973610});
  expect_near(of("Gelu", {-1, 0, 2}, {{"approximate", std::string("tanh")}}),
              {-0.15880800939, 0, 1.95459769300});
  expect_near(of("Erf", {-1, 0, 2}), {std::erf(-1), 0, std::erf(2)});
  expect_near(of("Sqrt", {4, 9}), {2, 3});
  expect_near(of("Reciprocal", {4, -2}), {0.25, -0.5});
  expect_near(of("Exp", {0, 1}), {1, std::exp(1)});
  ModelBuilder power({1, 2});
  power.floats("e", {}, {3}).node("Pow", {"x", "e"}, {"y"});
  expect_near(run(power, {-2, 3}), {-8, 27});
  ModelBuilder prelu({1, 2, 2});
  prelu.floats("s", {2, 1}, {0.5, -1}).node("PRelu", {"x", "s"}, {"y"});
  expect_near(run(prelu, {-2, 3, -4, 5}), {-1, 3, 4, 5});
  ModelBuilder quotient({1, 2});
  quotient.floats("one", {}, {1}).node("Add", {"x", "one"}, {"b"}).node("Div", {"x", "b"}, {"y"});
  expect_near(run(quotient, {1, 3}), {0.5, 0.75});
  ModelBuilder inverse({1, 2});
  inverse.floats("three", {}, {3}).node("Div", {"three", "x"}, {"y"});
  expect_near(run(inverse, {1, -2}), {3, -1.5});
}

TEST(Norms, OverTheirAxes) {
  ModelBuilder layer({1, 2, 2});
  layer.floats("s", {2}, {1, 2}).floats("b", {2}, {0, 1});
  layer.node("LayerNormalization", {"x", "s", "b"}, {"y"}, {{"epsilon", 0.0}});
  expect_near(run(layer, {1, 3, 5, 9}), {-1, 3, -1, 3});
  ModelBuilder whole({1, 2, 2});
  whole.filled("s", {2, 2}, 1)
      .node("LayerNormalization", {"x", "s"}, {"y"}, {{"axis", int64_t{1}}, {"epsilon", 3.75}});
  expect_near(run(whole, {1, 2, 3, 4}),
              {-1.5 / std::sqrt(5), -0.5 / std::sqrt(5), 0.5 / std::sqrt(5), 1.5 / std::sqrt(5)});
  ModelBuilder instance({1, 2, 1, 2});
  instance.floats("s", {2}, {1, 2}).floats("b", {2}, {0, 1});
  instance.node("InstanceNormalization", {"x", "s", "b"}, {"y"}, {{"epsilon", 0.0}});
  expect_near(run(instance, {1, 3, 5, 9}), {-1, 1, -1, 3});
  for (const bool per_group : {true, false}) {
    ModelBuilder group({1, 4, 1, 1}, per_group ? 18 : 21);
    if (per_group) {
      group.floats("s", {2}, {1, 2}).floats("b", {2}, {0, 1});
    } else {
      group.floats("s", {4}, {1, 1, 2, 2}).floats("b", {4}, {0, 0, 1, 1});
    }
    group.node("GroupNormalization", {"x", "s", "b"}, {"y"}, {{"epsilon", 0.0}, {"num_groups", int64_t{2}}});
    expect_near(run(group, {1, 3, 5, 9}), {-1, 1, -1, 3});
  }
  ModelBuilder odd({1, 3, 1, 1}, 21);
  odd.filled("s", {3}, 1).filled("b", {3}, 0);
  odd.node("GroupNormalization", {"x", "s", "b"}, {"y"}, {{"num_groups", int64_t{2}}});
  EXPECT_THROW(odd.specialise(), Error);
}

TEST(Negative, TurnsSigns) {
  ModelBuilder m({1, 2});
  m.node("Neg", {"x"}, {"y"});
  expect_near(run(m, {1, -2}), {-1, 2});
}

TEST(ConvTranspose, GrowsByItsStridesAndOutputPadding) {
  ModelBuilder m({1, 1, 1, 2});
  m.floats("w", {1, 1, 1, 3}, {1, 2, 3}).floats("b", {1}, {10});
  m.node("ConvTranspose", {"x", "w", "b"}, {"y"},
         {{"strides", list({1, 2})}, {"pads", list({0, 1, 0, 0})}, {"output_padding", list({0, 1})}});
  EXPECT_EQ(m.shape(), (Shape{1, 1, 1, 5}));
  expect_near(run(m, {1, 10}), {12, 23, 30, 40, 10});
}

TEST(MatMul, OfBranchesBroadcastsItsStacks) {
  ModelBuilder m({2, 2, 2});
  m.node("Slice", {"x", "from", "to"}, {"first"});
  m.ints("from", {0}).ints("to", {1}).node("MatMul", {"x", "first"}, {"y"});
  expect_near(run(m, {1, 2, 3, 4, 1, 0, 0, 1}), {7, 10, 15, 22, 1, 2, 3, 4});
  ModelBuilder left({1, 2, 1});
  left.floats("a", {2, 2}, {1, 2, 3, 4}).node("MatMul", {"a", "x"}, {"y"});
  expect_near(run(left, {1, 10}), {21, 43});
}

TEST(Einsum, ThatIsAProductOfMatrices) {
  const auto of = [](const char* equation) {
    ModelBuilder m({1, 2, 2});
    m.node("Einsum", {"x", "x"}, {"y"}, {{"equation", std::string(equation)}});
    return m;
  };
  expect_near(run(of("nct, ncp -> ntp"), {1, 2, 3, 4}), {10, 14, 14, 20});
  expect_near(run(of("ntg,ncg->nct"), {1, 2, 3, 4}), {5, 11, 11, 25});
  expect_near(run(of("nij,nij->n"), {1, 2, 3, 4}), {30});
  EXPECT_EQ(of("abc,ade->abcde").shape(), (Shape{1, 2, 2, 2, 2}));
  for (const char* refused : {"nii,nij->nj", "nii,nii->n"})
    testing::message_of(ErrorKind::kUnsupportedModel, [&] { of(refused).specialise(); });
  for (const char* wrong : {"nct,ncp->npp", "nct->nc"})
    testing::message_of(ErrorKind::kCorruptInput, [&] { of(wrong).specialise(); });
}

TEST(Softmax, TakesAxesTogetherUpToOpset12) {
  const auto softmax = [](int64_t opset) {
    ModelBuilder m({1, 2, 2}, opset);
    m.node("Softmax", {"x"}, {"s"}, {{"axis", int64_t{1}}}).node("Relu", {"s"}, {"y"});
    return run(m, {0, 0, 0, 0});
  };
  expect_near(softmax(11), {0.25, 0.25, 0.25, 0.25});
  expect_near(softmax(13), {0.5, 0.5, 0.5, 0.5});
}

}  // namespace
}  // namespace relevid
