// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.h"

#include <gtest/gtest.h>

namespace relevid {
namespace {

const std::vector<std::string> kMethods = {"deep_taylor", "epsilon_plus", "epsilon_plus_flat", "gradient"};

TEST(Suggest, FindsTheNearestCandidate) {
  EXPECT_EQ(nearest("deep_tailor", kMethods), "deep_taylor");
  EXPECT_EQ(nearest("epsilonplus", kMethods), "epsilon_plus");
  EXPECT_EQ(nearest("epsilon_plus_fla", kMethods), "epsilon_plus_flat");
  EXPECT_EQ(nearest("gradient", kMethods), "gradient");
}

TEST(Suggest, IgnoresCase) {
  EXPECT_EQ(nearest("GRADIENT", kMethods), "gradient");
}

TEST(Suggest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest("occlusion", kMethods), "");
  EXPECT_EQ(nearest("gradient", {}), "");
  EXPECT_EQ(nearest("", kMethods), "");
  EXPECT_EQ(did_you_mean("occlusion", kMethods), "");
}

TEST(Suggest, AWordThatSharesNoLetterIsNotATypo) {
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("", {"y"}), "");
}

TEST(Suggest, PhrasesTheQuestion) {
  EXPECT_EQ(did_you_mean("gradeint", kMethods), " (did you mean 'gradient'?)");
}

}  // namespace
}  // namespace relevid
