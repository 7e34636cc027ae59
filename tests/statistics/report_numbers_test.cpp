// SPDX-License-Identifier: Apache-2.0
#include "statistics/report_numbers.h"

#include <gtest/gtest.h>

#include <vector>

namespace relevid::statistics {
namespace {

TEST(ReportNumbers, AreShortAndMissingOnesSaySo) {
  EXPECT_EQ(with_interval(Estimate{0.6123, 0.54, 0.681, 0.03, 20}, kPercent), "61.2 [54.0, 68.1]");
  EXPECT_EQ(with_interval(Estimate{.value = -0.0001, .videos = 1}, kPoints), "+0.0");
  EXPECT_EQ(with_interval(Estimate{}, kRatio), "n/a");
  EXPECT_EQ(p_value(0.0004), "<0.001");
  EXPECT_EQ(rate(Range{12.5, 12.5001}), "12.5");
  EXPECT_EQ(rate(Range{12.5, 15}), "12.5 to 15");
  EXPECT_EQ(rate(std::nullopt), "n/a");
  EXPECT_EQ(short_name("a\tlong\nname of ünï", 12), "a long na...");
  EXPECT_EQ(short_name("äöü", 3), "äöü");
  EXPECT_EQ(short_name("äöüäöü", 5), "äö...");
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(bar(0.5, 0.75, 1, 8), "####  |");
  EXPECT_EQ(bar(0.5, std::nullopt, 0, 8), "");
  EXPECT_EQ(sparkline(std::vector<double>{0, 0.5, 1}, 1), " ▄█");
}

}  // namespace
}  // namespace relevid::statistics
