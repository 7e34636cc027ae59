// SPDX-License-Identifier: Apache-2.0
#include "statistics/halves.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace relevid::statistics {
namespace {

using Named = std::vector<std::pair<std::string, int64_t>>;

Halves dealt(const Named& videos) {
  Halves halves;
  for (const auto& [key, label] : videos) halves.add(key, label);
  halves.deal();
  return halves;
}

Named numbered(int64_t count, int64_t classes) {
  Named videos;
  for (int64_t i = 0; i < count; ++i) videos.emplace_back(fmt::format("{:x}", i * 7919), i % classes);
  return videos;
}

/// Videos for choosing less those for reporting, by class.
std::map<int64_t, int64_t> surplus(const Named& videos) {
  const Halves halves = dealt(videos);
  std::map<int64_t, int64_t> by_class;
  for (const auto& [key, label] : videos) by_class[label] += halves.of(key) == Half::kChoice ? 1 : -1;
  return by_class;
}

TEST(Halves, AreEqualInEveryClassButForOne) {
  for (const int64_t count : {1, 2, 3, 17, 100, 1001}) {
    int64_t total = 0;
    for (const auto& [label, difference] : surplus(numbered(count, 7))) {
      EXPECT_LE(std::abs(difference), 1) << "class " << label << " of " << count;
      total += difference;
    }
    EXPECT_LE(std::abs(total), 1) << count;
  }
}

TEST(Halves, DoNotDependOnTheOrder) {
  Named videos = numbered(50, 3);
  const Halves forward = dealt(videos);
  std::reverse(videos.begin(), videos.end());
  const Halves backward = dealt(videos);
  for (const auto& [key, label] : videos) EXPECT_EQ(forward.of(key), backward.of(key));
}

TEST(Halves, AreNotTheOrderOfTheNames) {
  const Named videos = numbered(200, 1);
  const Halves halves = dealt(videos);
  int64_t alternations = 0;
  for (size_t i = 1; i < videos.size(); ++i) {
    alternations += halves.of(videos[i].first) != halves.of(videos[i - 1].first);
  }
  EXPECT_NEAR(static_cast<double>(alternations), 100, 30);
}

TEST(Halves, KeepCopiesTogetherAndCountThem) {
  Named videos = numbered(20, 2);
  videos.insert(videos.end(), {{videos[3].first, 1}, {videos[4].first, 0}, {videos[4].first, 1}});
  EXPECT_EQ(dealt(videos).copies(), 3);
  EXPECT_EQ(dealt(numbered(20, 2)).copies(), 0);
  // As a copy comes first or last, the other videos stay where they are.
  const Halves late = dealt(videos);
  std::rotate(videos.begin(), videos.begin() + 20, videos.end());
  const Halves early = dealt(videos);
  for (const auto& [key, label] : videos) EXPECT_EQ(late.of(key), early.of(key));
}

}  // namespace
}  // namespace relevid::statistics
