// SPDX-License-Identifier: Apache-2.0
// A graph prepared for inference (residuals inside convolutions, activations fused) gives what it gives for
// an explanation, on both libraries.
#include "network/network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "relevid/error.h"
#include "support/devices.h"
#include "support/graphs.h"
#include "support/scratch.h"

namespace relevid {
namespace {

using kernels::Buffer;
using testing::GraphBuilder;
using testing::Random;
using Value = GraphBuilder::Value;

std::vector<double> output_of(const graph::Graph& graph, kernels::Library& library, Purpose purpose,
                              Keep keep) {
  Network network(graph, library, purpose);
  std::vector<Buffer> inputs;
  for (const Value input : graph.inputs)
    inputs.push_back(library.upload(Random(5).signed_values(graph.shape(input))));
  const auto first = network.output(network.forward(inputs, keep)).as_doubles();
  EXPECT_EQ(first, network.output(network.forward(inputs, keep)).as_doubles()) << "the second run differs";
  return first;
}

/// Every purpose, library and way of keeping gives the same.
void expect_one_answer(const graph::Graph& graph) {
  const auto reference = testing::reference_library();
  const auto onednn = testing::library_under_test(2);
  const auto want = output_of(graph, *reference, Purpose::kExplanation, Keep::kGradient);
  for (kernels::Library* library : {reference.get(), onednn.get()}) {
    for (const Purpose purpose : {Purpose::kExplanation, Purpose::kInference}) {
      for (const Keep keep : {Keep::kNothing, Keep::kRelevance, Keep::kGradient}) {
        const auto have = output_of(graph, *library, purpose, keep);
        ASSERT_EQ(want.size(), have.size());
        for (size_t i = 0; i < want.size(); ++i)
          ASSERT_NEAR(want[i], have[i], 2e-5 * (1 + std::abs(want[i]))) << library->name() << " at " << i;
      }
    }
  }
}

TEST(Network, ResidualOfAnEarlierLayer) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({2, 3, 3, 4, 4}), 17, random));
  const Value inner = b.relu(b.convolution(x, 5, random));
  expect_one_answer(b.finish(b.relu(b.add(b.convolution(inner, 17, random), x))));
}

TEST(Network, ResidualOfTheLayersOwnInput) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 17, random));
  const Value sum = b.relu(b.add(b.convolution(x, 17, random), x));
  expect_one_answer(b.finish(b.mean(sum)));
}

TEST(Network, ResidualOfTheNetworksInput) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({1, 5, 3, 4, 4});
  expect_one_answer(b.finish(b.add(x, b.convolution(x, 5, random))));
}

TEST(Network, ResidualThatOthersReadToo) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 8, random));
  const Value once = b.add(b.convolution(b.relu(b.convolution(x, 8, random)), 8, random), x);
  const Value twice = b.add(b.convolution(b.relu(once), 8, random), once);
  expect_one_answer(b.finish(b.add(b.relu(twice), x)));
}

TEST(Network, SumOfTwoConvolutions) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 8, random));
  const Value shortcut = b.convolution(x, 6, random, {.kernel = {1, 1, 1}, .pads = {0, 0, 0}});
  expect_one_answer(b.finish(b.relu(b.add(b.convolution(x, 6, random), shortcut))));
}

TEST(Network, SumOfAConvolutionWithItself) {
  Random random;
  GraphBuilder b;
  const Value y = b.convolution(b.input({1, 3, 3, 4, 4}), 8, random);
  expect_one_answer(b.finish(b.relu(b.add(y, y))));
}

TEST(Network, DifferenceIsNoResidual) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 8, random));
  expect_one_answer(b.finish(b.add(x, b.convolution(x, 8, random), -1)));
}

TEST(Network, DepthwiseResidual) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 17, random));
  expect_one_answer(b.finish(b.add(b.convolution(x, 17, random, {.groups = 17}), x)));
}

TEST(Network, ActivationWhoseInputOthersRead) {
  Random random;
  GraphBuilder b;
  const Value y = b.convolution(b.input({1, 3, 3, 4, 4}), 8, random);
  expect_one_answer(b.finish(b.add(b.relu(y), y)));
}

TEST(Network, ActivationsInARow) {
  Random random;
  GraphBuilder b;
  const Value y = b.convolution(b.input({1, 3, 3, 4, 4}), 8, random);
  using Kind = graph::Activation::Kind;
  const Value first = b.like(graph::Activation{Kind::kLeakyRelu, 0.5, 0}, y);
  const Value second = b.like(graph::Activation{Kind::kHardSwish, 0, 0}, first);
  expect_one_answer(b.finish(b.like(graph::Activation{Kind::kSigmoid, 0, 0}, second)));
}

TEST(Network, ALayerTakesOneActivation) {
  Random random;
  GraphBuilder b;
  const Value y = b.relu(b.convolution(b.input({1, 3, 3, 4, 4}), 8, random));
  const Value clipped = b.like(graph::Activation{graph::Activation::Kind::kClip, -1, 0.25}, y);
  expect_one_answer(b.finish(b.like(graph::Activation{graph::Activation::Kind::kTanh, 0, 0}, clipped)));
}

TEST(Network, GateThatIsBroadcast) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({2, 3, 4, 4, 4}), 17, random));
  const Value squeezed = b.convolution(b.mean(x), 17, random, {.kernel = {1, 1, 1}, .pads = {0, 0, 0}});
  const Value gate = b.like(graph::Activation{graph::Activation::Kind::kSigmoid, 0, 0}, squeezed);
  expect_one_answer(b.finish(b.multiply(x, gate, 1)));
  GraphBuilder c;  // the other way round: the first factor is the one that is broadcast
  const Value v = c.relu(c.convolution(c.input({2, 3, 4, 4, 4}), 17, random));
  const Value weight = c.mean(v);
  expect_one_answer(c.finish(c.node(graph::Multiply{0}, {weight, v}, c.shape(v))));
}

TEST(Network, MovementAndPools) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({2, 3, 4, 6, 6});
  const Value padded = b.node(graph::Pad{{0, 0, 1, 0, 2}, {0, 0, 1, 0, 0}, 0.5}, {x}, {2, 3, 6, 6, 8});
  const Value y = b.relu(b.convolution(padded, 10, random));
  const Value left = b.node(graph::Slice{{0, 0, 0, 0, 0}, {1, 1, 1, 1, 1}}, {y}, {2, 4, 6, 6, 8});
  const Value right = b.node(graph::Slice{{0, 4, 5, 0, 0}, {1, 1, -1, 1, 1}}, {y}, {2, 6, 6, 6, 8});
  const Value joined = b.node(graph::Concat{1}, {right, left, right}, {2, 16, 6, 6, 8});
  const Value turned = b.node(graph::Transpose{{0, 2, 1, 3, 4}}, {b.average_pool(joined)}, {2, 3, 16, 3, 4});
  expect_one_answer(
      b.finish(b.dense(b.flatten(b.max_pool(b.affine(turned, {0.5, 1, -2}, {1, 0, 3}))), 4, random)));
}

TEST(Network, InputsThatDoNotFitAreRefused) {
  Random random;
  GraphBuilder b;
  const graph::Graph graph = b.finish(b.dense(b.input({2, 4}), 3, random));
  const auto library = testing::library_under_test(1);
  Network network(graph, *library, Purpose::kInference);
  testing::message_of(ErrorKind::kInvalidArgument, [&] { network.forward({}, Keep::kNothing); });
  const Buffer wrong = library->upload(Random().signed_values({1, 4}));
  testing::message_of(ErrorKind::kInvalidArgument,
                      [&] { network.forward(std::span(&wrong, 1), Keep::kNothing); });
}

TEST(Network, ActivationsAreFreed) {
  Random random;
  const auto peak = [&](int layers) {
    GraphBuilder b;
    Value x = b.input({1, 16, 4, 16, 16});
    for (int i = 0; i < layers; ++i) x = b.relu(b.convolution(x, 16, random));
    const auto library = testing::library_under_test(1);
    Network network(b.finish(x), *library, Purpose::kInference);
    const Buffer clip = library->upload(Tensor(Shape{1, 16, 4, 16, 16}, DType::kF32));
    network.forward(std::span(&clip, 1), Keep::kNothing);
    return library->peak_bytes();
  };
  EXPECT_EQ(peak(3), peak(12)) << "memory grows with depth, though nothing is kept";
}

}  // namespace
}  // namespace relevid
