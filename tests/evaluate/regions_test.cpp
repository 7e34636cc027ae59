// SPDX-License-Identifier: Apache-2.0
#include "evaluate/regions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "evaluate/superpixels.h"

namespace relevid::evaluate {
namespace {

using ::testing::ElementsAre;

TEST(Regions, FramesAreOneEach) {
  const Regions regions = frame_regions({3, 1, 2});
  EXPECT_EQ(regions.count, 3);
  EXPECT_THAT(regions.of_voxel, ElementsAre(0, 0, 1, 1, 2, 2));
}

TEST(Regions, CellsAreEvenBoxes) {
  const Regions regions = cell_regions({1, 2, 5}, {4, 2, 2});  // one frame has one slice
  EXPECT_EQ(regions.count, 4);
  EXPECT_THAT(regions.of_voxel, ElementsAre(0, 0, 0, 1, 1, 2, 2, 2, 3, 3));
}

TEST(Regions, MeansAreOverTheirVoxels) {
  const Regions regions{2, {0, 0, 1}};
  const std::vector<float> map = {1, 2, 7};
  EXPECT_THAT(region_means(map, regions), ElementsAre(1.5, 7));
}

TEST(Regions, TheMostRelevantComeFirst) {
  EXPECT_THAT(most_first(std::vector<double>{0.5, -1, 3, 2}, 1), ElementsAre(2, 3, 0, 1));
}

TEST(Regions, EqualOnesComeInAnyOrderButTheirOwn) {
  const std::vector<double> zeros(8, 0.0);
  std::vector<double> first(8);
  for (uint64_t seed = 0; seed < 800; ++seed) ++first[static_cast<size_t>(most_first(zeros, seed)[0])];
  // Binomial, 100 expected, standard deviation 9.4.
  for (const double count : first) EXPECT_NEAR(count, 100, 4.5 * 9.4);
  EXPECT_EQ(most_first(zeros, 7), most_first(zeros, 7));
}

/// Half of every frame black, half white.
Tensor two_halves() {
  Tensor clip(Shape{1, 3, 4, 8, 12}, DType::kF32);
  for (size_t i = 0; i < clip.values<float>().size(); ++i) clip.values<float>()[i] = i % 12 < 5 ? 0 : 1;
  return clip;
}

TEST(Superpixels, KeepToEdges) {
  const Tensor clip = two_halves();
  const Regions regions = superpixel_regions(clip, 12);
  std::set<int32_t> left, right;
  for (size_t i = 0; i < regions.of_voxel.size(); ++i)
    (i % 12 < 5 ? left : right).insert(regions.of_voxel[i]);
  for (const int32_t region : left) EXPECT_FALSE(right.contains(region));
  EXPECT_EQ(static_cast<int64_t>(left.size() + right.size()), regions.count);
  EXPECT_GE(regions.count, 6);
}

TEST(Superpixels, OfAnEvenClipAreAGrid) {
  const Tensor clip(Shape{1, 1, 4, 4, 4}, DType::kF32);
  EXPECT_EQ(superpixel_regions(clip, 8).of_voxel, cell_regions({4, 4, 4}, {2, 2, 2}).of_voxel);
}

TEST(Superpixels, DoNotDependOnTheNormalisation) {
  const Tensor clip = two_halves();
  Tensor other = clip.clone();
  for (float& value : other.values<float>()) value = 4 * value - 2;
  EXPECT_EQ(superpixel_regions(clip, 20).of_voxel, superpixel_regions(other, 20).of_voxel);
}

}  // namespace
}  // namespace relevid::evaluate
