// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "run/small_dataset.h"

namespace relevid::run {
namespace {

using testing::ScratchFolder;

TEST(ClipFeed, CanBeLeftAtAnyTime) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14, 14});
  FeedOptions options = testing::small_feed();
  options.queue_bytes = 0;  // as few clips as possible
  for (const int taken : {0, 1, 5, 15}) {
    ClipFeed feed(data, {0, 1, 2}, options);
    for (int i = 0; i < taken; ++i) EXPECT_TRUE(feed.next());
  }
}

TEST(ClipFeed, EndsAfterTheLastVideo) {
  const ScratchFolder folder;
  const DataSet data = testing::make_dataset(folder, {14, 14});
  ClipFeed feed(data, {1}, testing::small_feed());
  int items = 0;
  while (feed.next()) ++items;
  EXPECT_EQ(items, 1 + (3 * 2 + 5) + 1);
}

}  // namespace
}  // namespace relevid::run
