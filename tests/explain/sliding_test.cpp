// SPDX-License-Identifier: Apache-2.0
// An explainer that is shown windows of one video takes over what they share, and says the same of them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "explain/explainer.h"
#include "relevid/error.h"
#include "support/graphs.h"
#include "support/windows.h"

namespace relevid {
namespace {

using testing::GraphBuilder;
using testing::Random;
using Value = GraphBuilder::Value;

constexpr int64_t kFrames = 8, kSide = 6, kChannels = 40;

class Sliding : public ::testing::Test {
 protected:
  Sliding() { video_ = Random(3).uniform(Shape{1, kChannels, 40, kSide, kSide}, -1, 1); }

  Tensor window(int64_t first) const { return testing::window_of(video_, first, kFrames); }

  ExplainerOptions options() const {
    ExplainerOptions options;
    options.method = "epsilon_plus";
    return options;
  }

  /// Against an explainer that has seen nothing before.
  void expect_as_fresh(Explainer& explainer, int64_t target) {
    const Attribution found = explainer.explain(std::span(&target, 1));
    Explainer fresh(network_, options());
    fresh.forward(shown_);
    const Attribution plain = fresh.explain(std::span(&target, 1));
    ASSERT_EQ(plain.relevance[0].as_doubles(), found.relevance[0].as_doubles());
  }

  void show(Explainer& explainer, int64_t first) {
    shown_ = window(first);
    explainer.forward(shown_);
  }

  std::unique_ptr<kernels::Library> library_ = kernels::make_onednn_library(2);
  Tensor video_, shown_;
  Network network_{make_graph(), *library_, Purpose::kExplanation};

 private:
  static graph::Graph make_graph() {
    Random random;
    GraphBuilder b;
    const Value x = b.relu(b.convolution(b.input({1, kChannels, kFrames, kSide, kSide}), 40, random));
    const Value y = b.max_pool(b.relu(b.convolution(x, 20, random)));
    return b.finish(b.dense(b.flatten(y), 5, random));
  }
};

TEST_F(Sliding, WindowsAreExplainedAsOneByOne) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  for (const int64_t first : {0, 2, 4, 6}) {
    show(explainer, first);
    EXPECT_EQ(explainer.took_over(), first > 2) << first;  // the second window tells the shift
    expect_as_fresh(explainer, 1);
  }
}

TEST_F(Sliding, AnotherShiftOrAnotherVideoStartsAnew) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  for (const int64_t first : {0, 2, 4}) show(explainer, first);
  EXPECT_TRUE(explainer.took_over());
  for (const int64_t first : {5, 20, 22, 30, 28}) {
    show(explainer, first);
    EXPECT_FALSE(explainer.took_over()) << first;
    expect_as_fresh(explainer, 2);
  }
}

TEST_F(Sliding, NothingIsTakenOverUnlessItIsAskedFor) {
  Explainer explainer(network_, options());
  for (const int64_t first : {0, 2, 4}) show(explainer, first);
  EXPECT_FALSE(explainer.took_over());
  explainer.slide(true);
  for (const int64_t first : {6, 8}) show(explainer, first);  // the last clip of before is forgotten
  EXPECT_FALSE(explainer.took_over());
  show(explainer, 10);
  EXPECT_TRUE(explainer.took_over());
}

TEST_F(Sliding, AMethodThatTakesTheClipTakesWhatItSharesToo) {
  Explainer one(network_, options()), other(network_, options());
  one.slide(true);
  other.slide(true);
  for (const int64_t first : {0, 2}) show(one, first);
  other.take_clip_from(one);
  show(other, 4);
  EXPECT_TRUE(other.took_over());
  expect_as_fresh(other, 1);
}

TEST_F(Sliding, AClipThatIsRefusedLeavesNothingToTakeOver) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  for (const int64_t first : {0, 2, 4}) show(explainer, first);
  Tensor bad = window(6);
  bad.values<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(explainer.forward(bad), Error);
  for (const int64_t first : {6, 8}) {
    show(explainer, first);
    expect_as_fresh(explainer, 0);
  }
}

TEST_F(Sliding, AStillVideoIsAWindowOfItself) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  Tensor still = window(0);
  const int64_t frame = kSide * kSide;
  for (int64_t i = 0; i < kChannels * kFrames; ++i) {
    const auto from = still.values<float>().begin() + i / kFrames * kFrames * frame;
    std::copy(from, from + frame, still.values<float>().begin() + i * frame);
  }
  shown_ = still.clone();
  for (int round = 0; round < 3; ++round) explainer.forward(still);
  EXPECT_TRUE(explainer.took_over());
  expect_as_fresh(explainer, 3);
}

}  // namespace
}  // namespace relevid
