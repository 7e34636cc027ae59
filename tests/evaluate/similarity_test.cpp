// SPDX-License-Identifier: Apache-2.0
#include "evaluate/similarity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace relevid::evaluate {
namespace {

using ::testing::ElementsAre;

TEST(Similarity, EqualValuesShareTheirRanks) {
  EXPECT_THAT(ranks(std::vector<float>{3, 1, 3, 2}), ElementsAre(3.5, 1, 3.5, 2));
}

TEST(Similarity, RankCorrelationByHand) {
  // Without ties 1 - 6 Σd² / (n (n² - 1)): d = (1, -1, 0, 1, -1), so 1 - 24/120.
  const std::vector<float> a = {1, 2, 3, 4, 5}, b = {20, 10, 30, 50, 40};
  EXPECT_DOUBLE_EQ(rank_correlation(a, b), 0.8);
  EXPECT_DOUBLE_EQ(rank_correlation(a, std::vector<float>{1, 8, 27, 64, 125}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation(a, std::vector<float>{5, 4, 3, 2, 1}), -1);
  // Ranks (1, 2.5, 2.5, 4) against (1, 2, 3, 4): 4.5 / √(4.5 · 5).
  EXPECT_DOUBLE_EQ(rank_correlation(std::vector<float>{0, 1, 1, 2}, std::vector<float>{1, 2, 3, 4}),
                   4.5 / std::sqrt(22.5));
  EXPECT_TRUE(std::isnan(rank_correlation(a, std::vector<float>(5, 1.0F))));
}

TEST(Similarity, StructuralSimilarityByHand) {
  const Volume one_window{1, 1, 2};
  // a = (1, -1): mean 0, variance 1. b = (1, 0): mean 1/2, variance 1/4. Covariance 1/2.
  const double c1 = 0.02 * 0.02, c2 = 0.06 * 0.06;
  const double expected = (0 + c1) * (2 * 0.5 + c2) / ((0.25 + c1) * (1.25 + c2));
  const std::vector<float> a = {1, -1}, b = {3, 0};  // b is divided by its largest magnitude
  EXPECT_NEAR(structural_similarity(a, b, one_window), expected, 1e-12);
  EXPECT_NEAR(structural_similarity(a, a, one_window), 1, 1e-12);
  EXPECT_TRUE(std::isnan(structural_similarity(a, std::vector<float>{0, 0}, one_window)));
}

TEST(Similarity, StructuralSimilarityIsTheMeanOverWindowsAndFrames) {
  // Windows of 7 x 7 in 7 x 8 pixels: two a frame. The maps differ in the last column of the second frame.
  const Volume volume{2, 7, 8};
  std::vector<float> a(volume.voxels()), b;
  for (size_t i = 0; i < a.size(); ++i) a[i] = i % 3 == 0 ? 1.0F : 0.0F;
  b = a;
  for (size_t y = 0; y < 7; ++y) b[56 + y * 8 + 7] = -1;
  std::vector<float> window_a, window_b;
  for (size_t y = 0; y < 7; ++y) {
    for (size_t x = 1; x < 8; ++x) {
      window_a.push_back(a[56 + y * 8 + x]);
      window_b.push_back(b[56 + y * 8 + x]);
    }
  }
  const double differing = structural_similarity(window_a, window_b, {1, 7, 7});
  EXPECT_LT(differing, 0.9);
  EXPECT_NEAR(structural_similarity(a, b, volume), (3 + differing) / 4, 1e-12);
}

}  // namespace
}  // namespace relevid::evaluate
