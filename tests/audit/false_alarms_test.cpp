// SPDX-License-Identifier: Apache-2.0
#include "false_alarms.h"

#include <gtest/gtest.h>

namespace relevid::audit {
namespace {

using testing::Claims;
using testing::claims_about;

// A hundred data sets; simulation_test.cpp has a thousand.

TEST(FalseAlarms, AreRareWithoutAnEffect) {
  const Claims claims = claims_about(1, 0, 40, 100, 200);
  EXPECT_LE(claims.present, 2);
  EXPECT_LE(claims.change, 2);
  EXPECT_GE(claims.absent, 20);
}

TEST(FalseAlarms, AreNotAvoidedBySilence) {
  const Claims claims = claims_about(1.5, 0.28, 100, 50, 200);
  EXPECT_EQ(claims.present, 50);
  EXPECT_GE(claims.change, 40);
}

}  // namespace
}  // namespace relevid::audit
