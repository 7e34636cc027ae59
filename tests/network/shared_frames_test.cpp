// SPDX-License-Identifier: Apache-2.0
// Windows that slide over a video, with what they share computed once, are the same windows.
#include "network/shared_frames.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/devices.h"
#include "support/graphs.h"
#include "support/windows.h"

namespace relevid {
namespace {

using kernels::Buffer;
using testing::GraphBuilder;
using testing::Random;
using Value = GraphBuilder::Value;

constexpr int64_t kFrames = 16;

graph::Graph two_layers_and_a_head(Random& random) {
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 40, kFrames, 6, 6}), 40, random));
  const Value pooled = b.max_pool(b.relu(b.convolution(x, 20, random)));
  const Value last = b.relu(b.convolution(pooled, 8, random));
  return b.finish(b.dense(b.flatten(last), 5, random));
}

void expect_range(const FrameRange& range, int64_t begin, int64_t end, int64_t shift) {
  EXPECT_EQ(range.axis, 2);
  EXPECT_EQ(range.begin, begin);
  EXPECT_EQ(range.end, end);
  EXPECT_EQ(range.shift, shift);
}

TEST(SharedFrames, LiesAwayFromThePaddingAndInsideBothClips) {
  Random random;
  const graph::Graph graph = two_layers_and_a_head(random);
  const auto ranges = shared_frames(graph, 2, 4);
  const auto of_node = [&](size_t i) { return ranges[graph::at(graph.nodes[i].output)]; };
  expect_range(ranges[graph::at(graph.inputs[0])], 0, 12, 4);
  expect_range(of_node(0), 1, 11, 4);  // convolution
  expect_range(of_node(1), 1, 11, 4);  // ReLU
  expect_range(of_node(2), 2, 10, 4);
  expect_range(of_node(4), 1, 5, 2);  // pooling by two
  expect_range(of_node(5), 2, 4, 2);
  EXPECT_EQ(of_node(7).count(), 0);  // flattened
}

TEST(SharedFrames, IsNothingBehindAPoolingThatTheShiftDoesNotFit) {
  Random random;
  const graph::Graph graph = two_layers_and_a_head(random);
  const auto ranges = shared_frames(graph, 2, 3);
  expect_range(ranges[graph::at(graph.nodes[2].output)], 2, 11, 3);
  EXPECT_EQ(ranges[graph::at(graph.nodes[4].output)].count(), 0);
}

TEST(SharedFrames, IsNothingWhereConstantsDifferBetweenFrames) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({1, 3, kFrames, 4, 4});
  const Value y = b.like(graph::Affine{GraphBuilder::constant({1, 3, 1, 1, 1}, random),
                                       GraphBuilder::constant({1, 1, kFrames, 1, 1}, random)},
                         x);
  const graph::Graph graph = b.finish(b.affine(x, {1, 2, 3}, {0, 0, 1}));
  const auto ranges = shared_frames(graph, 2, 4);
  EXPECT_EQ(ranges[graph::at(y)].count(), 0);
  expect_range(ranges[graph::at(graph.output)], 0, 12, 4);
}

/// Every kept value of windows that slide by `shift`, to the bit.
void expect_same_windows(const graph::Graph& graph, kernels::Library& library, int64_t shift) {
  SCOPED_TRACE(fmt::format("{}, shift {}", library.name(), shift));
  Network network(graph, library, Purpose::kExplanation);
  SharedFrames shared(network, 2, shift);
  ASSERT_TRUE(shared.pays());
  const Shape& clip = graph.shape(graph.inputs[0]);
  const Tensor video = Random(9).uniform(Shape{1, clip[1], kFrames + 4 * shift, clip[3], clip[4]}, -1, 1);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(shared.holds_last(), i > 0);
    const Buffer window = library.upload(testing::window_of(video, i * shift, kFrames));
    const Trace plain = network.forward(std::span(&window, 1), Keep::kRelevance);
    const Trace taken = network.forward(std::span(&window, 1), Keep::kRelevance, {}, {}, &shared);
    for (size_t value = 0; value < plain.values.size(); ++value) {
      ASSERT_EQ(static_cast<bool>(plain.values[value]), static_cast<bool>(taken.values[value]));
      if (!plain.values[value]) continue;
      ASSERT_EQ(library.download(plain.values[value]).as_doubles(),
                library.download(taken.values[value]).as_doubles())
          << "window " << i << ", value " << value;
    }
  }
}

TEST(SharedFrames, WindowsAreTheSameAsOneByOne) {
  Random random;
  const graph::Graph graph = two_layers_and_a_head(random);
  const auto reference = testing::reference_library();
  const auto onednn = testing::library_under_test(2);
  expect_same_windows(graph, *reference, 2);
  for (const int64_t shift : {1, 2, 4}) expect_same_windows(graph, *onednn, shift);
}

TEST(SharedFrames, WindowsAreTheSameThroughStridesAndKernelsOfSpaceAlone) {
  Random random;
  GraphBuilder b;
  const Value x = b.input({1, 120, kFrames, 6, 6});
  const Value space = b.relu(b.convolution(x, 12, random, {.kernel = {1, 3, 3}, .pads = {0, 1, 1}}));
  const Value wide = b.relu(b.convolution(x, 12, random, {.kernel = {5, 1, 3}, .pads = {2, 0, 1}}));
  const Value both = b.add(space, wide);
  const Value slow =
      b.convolution(both, 7, random, {.kernel = {3, 3, 3}, .pads = {1, 1, 1}, .strides = {2, 1, 1}});
  const graph::Graph graph = b.finish(b.dense(b.flatten(slow), 3, random));
  const auto ranges = shared_frames(graph, 2, 2);
  expect_range(ranges[graph::at(space)], 0, 14, 2);
  expect_range(ranges[graph::at(wide)], 2, 12, 2);
  expect_range(ranges[graph::at(both)], 2, 12, 2);
  expect_range(ranges[graph::at(slow)], 2, 6, 1);
  const auto reference = testing::reference_library();
  const auto onednn = testing::library_under_test(2);
  expect_same_windows(graph, *reference, 2);
  for (const int64_t shift : {1, 2}) expect_same_windows(graph, *onednn, shift);
}

/// Whose few frames at the ends would be computed directly, and all of them by Winograd.
TEST(SharedFrames, WindowsAreTheSameWhereFewFramesTakeAnotherKernel) {
  Random random;
  GraphBuilder b;
  const Value x = b.relu(b.convolution(b.input({1, 48, kFrames, 14, 14}), 48, random));
  const graph::Graph graph = b.finish(b.dense(b.flatten(b.convolution(x, 32, random)), 3, random));
  const auto onednn = testing::library_under_test(2);
  for (const int64_t shift : {1, 2}) expect_same_windows(graph, *onednn, shift);
}

TEST(SharedFrames, TakesNothingOverAfterItHasForgotten) {
  Random random;
  const graph::Graph graph = two_layers_and_a_head(random);
  const auto library = testing::library_under_test(1);
  Network network(graph, *library, Purpose::kExplanation);
  SharedFrames shared(network, 2, 2);
  const Shape& shape = graph.shape(graph.inputs[0]);
  const Buffer one = library->upload(Random(1).uniform(shape, -1, 1));
  const Buffer other = library->upload(Random(2).uniform(shape, -1, 1));
  network.forward(std::span(&one, 1), Keep::kRelevance, {}, {}, &shared);
  shared.forget();
  EXPECT_FALSE(shared.holds_last());
  const auto have = network.output(network.forward(std::span(&other, 1), Keep::kRelevance, {}, {}, &shared));
  const auto want = network.output(network.forward(std::span(&other, 1), Keep::kRelevance));
  EXPECT_EQ(have.as_doubles(), want.as_doubles());
}

}  // namespace
}  // namespace relevid
