// SPDX-License-Identifier: Apache-2.0
#include "evaluate/filling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace relevid::evaluate {
namespace {

using ::testing::ElementsAre;

/// Two channels, three frames of one by two pixels.
Tensor small_clip() {
  return Tensor::from<float>(Shape{1, 2, 3, 1, 2}, {1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60});
}

std::vector<float> filled(Fill fill, const std::vector<char>& flipped, const Tensor& clip = small_clip(),
                          uint64_t seed = 1) {
  std::vector<float> values(static_cast<size_t>(clip.elements()));
  Filling(clip, fill, seed).write(flipped, values);
  return values;
}

TEST(Filling, LeavesWhatIsNotFlipped) {
  const Tensor clip = small_clip();
  const auto values = clip.values<float>();
  for (const Fill fill : {Fill::kPrevious, Fill::kBlur, Fill::kMean, Fill::kNoise})
    EXPECT_TRUE(std::ranges::equal(filled(fill, std::vector<char>(6, 0)), values));
}

TEST(Filling, PreviousHoldsTheLastFrameThatIsLeft) {
  // The left pixel in frames 1 and 2, the right one in frame 0.
  EXPECT_THAT(filled(Fill::kPrevious, {0, 1, 1, 0, 1, 0}),
              ElementsAre(1, 4, 1, 4, 1, 6, 10, 40, 10, 40, 10, 60));
  // Where nothing is left, the channel's mean.
  EXPECT_THAT(filled(Fill::kPrevious, {1, 0, 1, 0, 1, 0}),
              ElementsAre(3.5, 2, 3.5, 4, 3.5, 6, 35, 20, 35, 40, 35, 60));
}

TEST(Filling, MeanIsTheChannels) {
  EXPECT_THAT(filled(Fill::kMean, {1, 0, 0, 0, 0, 1}),
              ElementsAre(3.5, 2, 3, 4, 5, 3.5, 35, 20, 30, 40, 50, 35));
}

TEST(Filling, NoiseHasTheChannelsMoments) {
  Tensor clip(Shape{1, 1, 4, 50, 50}, DType::kF32);
  for (size_t i = 0; i < 10000; ++i) clip.values<float>()[i] = i % 2 == 0 ? 1 : 5;  // mean 3, deviation 2
  const auto values = filled(Fill::kNoise, std::vector<char>(10000, 1), clip);
  double sum = 0, squares = 0;
  for (const float value : values) {
    sum += static_cast<double>(value);
    squares += (static_cast<double>(value) - 3) * (static_cast<double>(value) - 3);
  }
  EXPECT_NEAR(sum / 10000, 3, 4 * 2 / 100.0);  // four standard errors
  EXPECT_NEAR(squares / 10000, 4, 4 * 4 * std::sqrt(2) / 100);
  EXPECT_EQ(values, filled(Fill::kNoise, std::vector<char>(10000, 1), clip));
  EXPECT_NE(values, filled(Fill::kNoise, std::vector<char>(10000, 1), clip, 2));
}

TEST(Filling, BlurKeepsWhatIsEvenAndEvensWhatIsNot) {
  Tensor even(Shape{1, 1, 1, 16, 16}, DType::kF32);
  std::ranges::fill(even.values<float>(), 7.0F);
  for (const float value : filled(Fill::kBlur, std::vector<char>(256, 1), even)) EXPECT_FLOAT_EQ(value, 7);
  // A column of ones in the middle of 17: σ = 2, weights exp(-d²/8) over reach 6.
  Tensor line(Shape{1, 1, 1, 17, 17}, DType::kF32);
  for (size_t y = 0; y < 17; ++y) line.values<float>()[y * 17 + 8] = 1;
  double total = 0;
  const int reach = static_cast<int>(std::ceil(3 * 17.0 / 8));
  for (int d = -reach; d <= reach; ++d) total += std::exp(-d * d / (2 * (17.0 / 8) * (17.0 / 8)));
  const auto blurred = filled(Fill::kBlur, std::vector<char>(289, 1), line);
  EXPECT_NEAR(blurred[8 * 17 + 8], 1 / total, 1e-6);
  EXPECT_NEAR(blurred[8 * 17 + 6], std::exp(-4 / (2 * (17.0 / 8) * (17.0 / 8))) / total, 1e-3);
}

}  // namespace
}  // namespace relevid::evaluate
