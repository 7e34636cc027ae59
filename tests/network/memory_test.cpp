// SPDX-License-Identifier: Apache-2.0
#include "network/memory.h"

#include <gtest/gtest.h>

#include "support/graphs.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;

TEST(ActivationBytes, AreThoseThatLiveAtOnce) {
  Random random;
  GraphBuilder b;
  const auto x = b.input({1, 2, 2, 2, 2});         // 16
  const auto wide = b.convolution(x, 10, random);  // 80
  const auto narrow = b.convolution(b.relu(wide), 1, random);
  EXPECT_EQ(activation_bytes(b.finish(narrow)), 4 * (16 + 160));  // at the ReLU; the input is the caller's
}

TEST(ActivationBytes, KeepWhatABranchReadsLater) {
  Random random;
  GraphBuilder b;
  const auto x = b.input({1, 4, 2, 2, 2});             // 32
  const auto side = b.convolution(x, 3, random);       // 24
  const auto middle = b.convolution(side, 2, random);  // 16
  const auto last = b.convolution(middle, 3, random);  // 24
  // `side` waits for the sum, and is there beside its other summand and its result.
  EXPECT_EQ(activation_bytes(b.finish(b.add(last, side))), 4 * (32 + 24 + 24 + 24));
}

TEST(FittingBatch, IsNeverLessThanOneNorMoreThanWanted) {
  Random random;
  GraphBuilder b;
  const graph::Graph graph = b.finish(b.relu(b.input({1, 2, 2, 2, 2})));  // 128 bytes
  EXPECT_EQ(fitting_batch(graph, 8, 1 << 20), 8);
  EXPECT_EQ(fitting_batch(graph, 8, 128 * 5 + 100), 5);
  EXPECT_EQ(fitting_batch(graph, 8, 1), 1);
}

}  // namespace
}  // namespace relevid
