// SPDX-License-Identifier: Apache-2.0
#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "base/run_ahead.h"

namespace relevid {
namespace {

TEST(BoundedQueue, HandsOverEverythingInOrder) {
  BoundedQueue<int> queue(3);
  std::thread producer([&queue] {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(queue.push(i));
    queue.close();
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(queue.pop(), i);
  EXPECT_EQ(queue.pop(), std::nullopt);
  producer.join();
}

TEST(BoundedQueue, ClosingWakesWhoWaits) {
  BoundedQueue<int> full(1), empty(1);
  EXPECT_TRUE(full.push(0));
  std::thread pusher([&full] { EXPECT_FALSE(full.push(1)); });
  std::thread popper([&empty] { EXPECT_EQ(empty.pop(), std::nullopt); });
  full.close();
  empty.close();
  pusher.join();
  popper.join();
}

TEST(RunAhead, TakesEverythingInOrder) {
  std::vector<int> taken;
  run_ahead<int>(
      2,
      [](const auto& give) {
        for (int i = 0; i < 100; ++i) give(i);
      },
      [&](int i) { taken.push_back(i); });
  ASSERT_EQ(taken.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(taken[static_cast<size_t>(i)], i);
}

TEST(RunAhead, ThrowsWhatTheProducerThrowsBehindItsItems) {
  int taken = 0;
  const auto produce = [](const auto& give) {
    give(1);
    throw std::runtime_error("cut off");
  };
  EXPECT_THROW(run_ahead<int>(2, produce, [&](int) { ++taken; }), std::runtime_error);
  EXPECT_EQ(taken, 1);
}

TEST(RunAhead, StopsTheProducerWhereTheTakerFails) {
  int given = 0;
  const auto produce = [&](const auto& give) {
    for (;; ++given) give(given);
  };
  const auto fail = [](int i) {
    if (i == 5) throw std::runtime_error("no more");
  };
  EXPECT_THROW(run_ahead<int>(2, produce, fail), std::runtime_error);
  EXPECT_LE(given, 9);
}

}  // namespace
}  // namespace relevid
