// SPDX-License-Identifier: Apache-2.0
// A graph written as a model and specialised again computes the same.
#include "graph/to_model.h"
#include "graph/operator_traits.h"

#include <gtest/gtest.h>

#include "graph/specialise.h"
#include "network/network.h"
#include "support/devices.h"
#include "support/graphs.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using kernels::Buffer;
using testing::GraphBuilder;
using testing::message_of;
using testing::Random;
using Value = GraphBuilder::Value;

/// The output for a clip of `batch` entries, the first of which are the same for every batch size.
std::vector<double> output_of(graph::Graph graph, int64_t count) {
  const auto library = testing::reference_library();
  const Shape shape = graph.shape(graph.inputs.at(0));
  Network network(std::move(graph), *library, Purpose::kExplanation);
  const Buffer clip = library->upload(Random(3).uniform(shape, -1, 1));
  auto values = network.output(network.forward({&clip, 1}, Keep::kNothing)).as_doubles();
  values.resize(static_cast<size_t>(count));
  return values;
}

/// As it was, and for another batch.
void expect_round_trip(const graph::Graph& graph) {
  const graph::Model model = graph::to_model(graph);
  EXPECT_EQ(model.inputs.at(0).dims.at(0), -1);
  const Shape& shape = graph.shape(graph.inputs.at(0));
  const int64_t count = graph.shape(graph.output).elements();
  const auto want = output_of(graph, count);
  for (const int64_t more : {0, 3}) {
    std::vector<int64_t> dims = shape.dims();
    dims[0] += more;
    const auto again = graph::specialise(model, {{model.inputs[0].name, Shape(dims)}});
    EXPECT_EQ(again.shape(again.output)[0], dims[0]);
    const auto have = output_of(again, count);
    for (size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(have[i], want[i], 1e-6 * (1 + std::abs(want[i])));
  }
}

TEST(ToModel, AttentionNormsAndResampling) {
  Random random;
  GraphBuilder b;
  Value x = b.convolution(b.input({2, 4, 4, 4, 4}), 6, random);
  const graph::Convolution of{{{2, 3, 3}, {2, 2, 2}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}},
                              2,
                              b.constant({6, 3, 2, 3, 3}, random),
                              nullptr};
  x = b.node(graph::TransposedConvolution{of, b.constant({6}, random)}, {x}, Shape{2, 6, 8, 8, 8});
  x = b.node(graph::Resample{3, {{0, 0, 0.5}, {0, 1, 0.5}, {1, 6, 1}}}, {x}, Shape{2, 6, 8, 2, 8});
  x = b.node(graph::Resample{4, {{0, 7, 1}, {1, 0, 1}, {2, 0, 1}}}, {x}, Shape{2, 6, 8, 2, 3});
  x = b.like(graph::Standardise{{2, 3, 4}, 1e-3},
             b.like(graph::PRelu{b.constant({1, 6, 1, 1, 1}, random)}, x));
  using Kind = graph::Activation::Kind;
  for (const Kind kind : {Kind::kGelu, Kind::kGeluTanh, Kind::kErf, Kind::kExp})
    x = b.like(graph::Activation{kind, 0, 0}, x);
  x = b.reshape(b.like(graph::Activation{Kind::kPower, -0.5, 1}, x), Shape{2, 6, 48});
  const Value turned = b.node(graph::Transpose{{0, 2, 1}}, {x}, Shape{2, 48, 6});
  const Value weights = b.like(graph::Softmax{2}, b.node(graph::MatMul{}, {x, turned}, Shape{2, 6, 6}));
  expect_round_trip(
      b.finish(b.dense(b.flatten(b.node(graph::MatMul{0}, {weights, x}, Shape{2, 6, 48})), 3, random)));
}

TEST(ToModel, ConvolutionsPoolsAndActivations) {
  Random random;
  GraphBuilder b;
  Value x = b.convolution(b.input({2, 4, 5, 9, 8}), 6, random,
                          {.pads = {1, 0, 2}, .strides = {1, 2, 1}, .groups = 2});
  x = b.like(graph::Activation{graph::Activation::Kind::kLeakyRelu, 0.1}, x);
  x = b.max_pool(x);
  x = b.like(graph::Activation{graph::Activation::Kind::kClip, -0.5, 0.7}, x);
  x = b.affine(x, {1, 2, 3, -1, 0.5, 1}, {0, 0.1F, 0.2F, 0.3F, 0.4F, 0.5F});
  x = b.like(graph::Activation{graph::Activation::Kind::kHardSigmoid, 0.2, 0.4}, x);
  x = b.average_pool(x);
  expect_round_trip(b.finish(b.dense(b.flatten(x), 3, random)));
}

TEST(ToModel, AveragesThatCountPaddingButNoOverhang) {
  Random random;
  using Count = graph::AveragePool::Count;
  for (const Count count : {Count::kInside, Count::kPadding}) {
    GraphBuilder b;
    const Value x = b.input({2, 3, 5, 6, 7});
    // Padded by one all around; the last window of every axis hangs over by one more.
    const graph::Window window{{3, 3, 2}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {1, 2, 1}};
    const Value y = b.node(graph::AveragePool{window, count, {1, 1, 1}}, {x}, Shape{2, 3, 3, 4, 4});
    expect_round_trip(b.finish(b.dense(b.flatten(y), 2, random)));
  }
}

TEST(ToModel, BranchesAndMovement) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({2, 4, 4, 5, 6});
  const Value backwards = b.node(graph::Slice{{0, 0, 3, 1, 0}, {1, 1, -1, 2, 1}}, {x}, Shape{2, 4, 4, 2, 6});
  const Value padded =
      b.node(graph::Pad{{0, 0, 0, 1, 0}, {0, 0, 0, 0, 1}, 0.5}, {backwards}, Shape{2, 4, 4, 3, 7});
  const Value cut = b.node(graph::Slice{{0, 1, 0, 0, 0}, {1, 1, 1, 1, 1}}, {padded}, Shape{2, 2, 4, 3, 7});
  const Value both = b.node(graph::Concat{1}, {padded, cut}, Shape{2, 6, 4, 3, 7});
  const Value turned = b.node(graph::Transpose{{0, 2, 1, 4, 3}}, {both}, Shape{2, 4, 6, 7, 3});
  const Value gate = b.like(graph::Activation{graph::Activation::Kind::kSigmoid}, turned);
  const Value gated = b.multiply(turned, gate, 1);
  const Value difference =
      b.add(gated, b.like(graph::Activation{graph::Activation::Kind::kTanh}, turned), -1);
  const Value wide = b.dense(difference, 5, random);  // of rank 5: a MatMul and an Add
  using Kind = graph::Reduce::Kind;
  const Value sum = b.node(graph::Reduce{Kind::kSum, {4}}, {wide}, Shape{2, 4, 6, 7, 1});
  const Value mean = b.node(graph::Reduce{Kind::kMean, {2}}, {sum}, Shape{2, 4, 1, 7, 1});
  const Value most = b.node(graph::Reduce{Kind::kMax, {1}}, {mean}, Shape{2, 1, 1, 7, 1});
  expect_round_trip(b.finish(b.flatten(most)));
}

TEST(ToModel, TimeFoldedIntoTheBatch) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({2, 3, 4, 5, 5});
  const Value frames_first = b.node(graph::Transpose{{0, 2, 1, 3, 4}}, {x}, Shape{2, 4, 3, 5, 5});
  const Value frames = b.reshape(frames_first, Shape{8, 75});
  const Value scores = b.dense(frames, 3, random);
  const Value clips = b.reshape(scores, Shape{2, 4, 3});
  const Value mean = b.node(graph::Reduce{graph::Reduce::Kind::kMean, {1}}, {clips}, Shape{2, 1, 3});
  expect_round_trip(b.finish(b.reshape(mean, Shape{2, 3})));
}

TEST(ToModel, KeepsBatchNormAndDropout) {
  Random random;
  GraphBuilder b;
  const auto constant = [&](float low) { return graph::share(random.uniform(Shape{3}, low, low + 1)); };
  Value x = b.like(graph::BatchNorm{constant(0), constant(0), constant(0), constant(0.1F), 1e-3},
                   b.input({2, 3, 2, 4, 4}));
  x = b.dense(b.like(graph::Dropout{0.25}, b.flatten(x)), 2, random);
  const graph::Model model = graph::to_model(b.finish(x));
  const auto training = graph::specialise(model, {{"input", Shape{2, 3, 2, 4, 4}}}, graph::Mode::kTraining);
  EXPECT_EQ(std::get<graph::BatchNorm>(training.nodes.at(0).op).epsilon, 1e-3);
  EXPECT_EQ(std::get<graph::Dropout>(training.nodes.at(2).op).ratio, 0.25);
  const auto inference = graph::specialise(model, {{"input", Shape{2, 3, 2, 4, 4}}});
  EXPECT_EQ(graph::name(inference.nodes.at(0).op), "Affine");
  EXPECT_EQ(inference.nodes.size(), 3U);
}

TEST(ToModel, ABatchThatMovesIsRefused) {
  GraphBuilder b;
  const Value x = b.input({2, 3});
  const graph::Graph graph = b.finish(b.node(graph::Transpose{{1, 0}}, {x}, Shape{3, 2}));
  EXPECT_NE(message_of(ErrorKind::kUnsupportedModel, [&] { graph::to_model(graph); }).find("axis 0"),
            std::string::npos);
}

}  // namespace
}  // namespace relevid
