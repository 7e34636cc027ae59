// SPDX-License-Identifier: Apache-2.0
// An explainer that is shown windows of one video takes over what they share, and says the same of them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "explain/explainer.h"
#include "relevid/error.h"
#include "support/devices.h"
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
  /// Windows two frames apart, up to the one whose frames the next one takes over.
  void show_up_to(Explainer& explainer, int64_t last = kPrepared) {
    for (int64_t first = 0; first <= last; first += 2) show(explainer, first);
  }
  static constexpr int64_t kPrepared = 2 * Explainer::kShiftsBeforeSharing;

  std::unique_ptr<kernels::Library> library_ = testing::library_under_test(2);
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
  for (int64_t first = 0; first <= kPrepared + 4; first += 2) {
    show(explainer, first);
    EXPECT_EQ(explainer.took_over(), first > kPrepared) << first;
    expect_as_fresh(explainer, 1);
  }
}

TEST_F(Sliding, AnotherShiftOrAnotherVideoStartsAnew) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  show_up_to(explainer, kPrepared + 2);
  EXPECT_TRUE(explainer.took_over());
  for (const int64_t first : {2, 4, 9, 30, 28}) {
    show(explainer, first);
    EXPECT_FALSE(explainer.took_over()) << first;
    expect_as_fresh(explainer, 2);
  }
}

TEST_F(Sliding, NothingIsTakenOverUnlessItIsAskedFor) {
  Explainer explainer(network_, options());
  show_up_to(explainer, kPrepared + 2);
  EXPECT_FALSE(explainer.took_over());
  explainer.slide(true);  // the clips of before are forgotten
  show_up_to(explainer);
  EXPECT_FALSE(explainer.took_over());
  show(explainer, kPrepared + 2);
  EXPECT_TRUE(explainer.took_over());
}

TEST_F(Sliding, AMethodThatTakesTheClipTakesWhatItSharesToo) {
  Explainer one(network_, options()), other(network_, options());
  one.slide(true);
  other.slide(true);
  show_up_to(one);
  other.take_clip_from(one);
  show(other, kPrepared + 2);
  EXPECT_TRUE(other.took_over());
  expect_as_fresh(other, 1);
}

TEST_F(Sliding, AClipThatIsRefusedLeavesNothingToTakeOver) {
  Explainer explainer(network_, options());
  explainer.slide(true);
  show_up_to(explainer, kPrepared + 2);
  Tensor bad = window(kPrepared + 4);
  bad.values<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(explainer.forward(bad), Error);
  for (const int64_t first : {kPrepared + 4, kPrepared + 6}) {
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
  for (int round = 0; round <= Explainer::kShiftsBeforeSharing + 1; ++round) explainer.forward(still);
  EXPECT_TRUE(explainer.took_over());
  expect_as_fresh(explainer, 3);
}

}  // namespace
}  // namespace relevid
