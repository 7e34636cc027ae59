// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <thread>

#include "audit/bounded_queue.h"
#include "audit/small_run.h"

namespace relevid::audit {
namespace {

using testing::ScratchFolder;

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

TEST(ClipFeed, CanBeLeftAtAnyTime) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14, 14});
  FeedOptions options = testing::small_options().feed;
  options.queue_bytes = 0;  // as few clips as possible
  for (const int taken : {0, 1, 5, 15}) {
    ClipFeed feed(data, {0, 1, 2}, options);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(feed.next());
  }
}

TEST(ClipFeed, EndsAfterTheLastVideo) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14});
  ClipFeed feed(data, {1}, testing::small_options().feed);
  int items = 0;
  while (feed.next()) ++items;
  EXPECT_EQ(items, 1 + (3 * 2 + 5) + 1);
}

}  // namespace
}  // namespace relevid::audit
