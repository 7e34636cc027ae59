// SPDX-License-Identifier: Apache-2.0
#include "video/natural_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace relevid {
namespace {

TEST(NaturalOrder, DigitsCountAsNumbers) {
  std::vector<std::string> names = {"f10.png",
                                    "f2.png",
                                    "f010.png",
                                    "f1.png",
                                    "f",
                                    "e99",
                                    "f2a10",
                                    "f2a9",
                                    "",
                                    "f18446744073709551617.png",
                                    "f18446744073709551616.png"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_THAT(names,
              ::testing::ElementsAre("", "e99", "f", "f1.png", "f2.png", "f2a9", "f2a10", "f10.png",
                                     "f010.png", "f18446744073709551616.png", "f18446744073709551617.png"));
}

TEST(NaturalOrder, IsAStrictWeakOrder) {
  const std::vector<std::string> names = {"",    "0",  "00",  "a",    "a0", "a00",
                                          "a01", "a1", "a1b", "a01b", "b",  "0a"};
  for (const auto& a : names) {
    EXPECT_FALSE(natural_less(a, a)) << a;
    for (const auto& b : names) {
      EXPECT_EQ(natural_less(a, b) || natural_less(b, a), a != b) << a << " " << b;
      for (const auto& c : names) {
        const bool chained = natural_less(a, b) && natural_less(b, c);
        EXPECT_TRUE(!chained || natural_less(a, c)) << a << " " << b << " " << c;
      }
    }
  }
}

}  // namespace
}  // namespace relevid
