// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "relevid/colormap.h"
#include "relevid/error.h"

namespace relevid {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr Scale kSigned{.limit = 1, .sign = RelevanceSign::kSigned};

Rgb pixel(const Picture& picture, size_t i) {
  return {picture.rgb[3 * i], picture.rgb[3 * i + 1], picture.rgb[3 * i + 2]};
}

TEST(ResizeMap, TheSameSizeKeepsEveryValue) {
  const std::vector<float> values{1, -2, 3, 4, 5, 6};
  EXPECT_EQ(resize_map({3, 2, values}, 3, 2), values);
}

TEST(ResizeMap, EnlargingIsBilinearWithHalfPixelCentres) {
  const std::vector<float> values{0, 4};
  EXPECT_THAT(resize_map({2, 1, values}, 4, 1), Pointwise(FloatNear(1e-6F), std::vector<float>{0, 1, 3, 4}));
}

TEST(ResizeMap, ShrinkingStepsOverNothing) {
  std::vector<float> values(64, 0.0F);
  values[37] = 1;  // one pixel of 64 survives in a map of 4
  float sum = 0;
  for (const float value : resize_map({64, 1, values}, 4, 1)) sum += value;
  EXPECT_NEAR(sum, 4.0 / 64, 1e-3);
}

TEST(ResizeMap, ConstantsStayConstant) {
  const std::vector<float> values(35, 0.25F);
  EXPECT_THAT(resize_map({7, 5, values}, 23, 3), Each(FloatNear(0.25F, 1e-6F)));
}

TEST(ResizeMap, NanSpreadsOnlyToWhatItContributesTo) {
  const std::vector<float> values{kNan, 1, 1, 1};
  const auto resized = resize_map({4, 1, values}, 8, 1);
  EXPECT_TRUE(std::isnan(resized[0]));
  EXPECT_FALSE(std::isnan(resized[7]));
  EXPECT_FALSE(std::isnan(resized[4]));
}

TEST(ResizeMap, SizesMustFit) {
  const std::vector<float> values(5);
  EXPECT_THROW(resize_map({2, 2, values}, 4, 4), Error);
  EXPECT_THROW(resize_map({5, 1, values}, 0, 4), Error);
}

TEST(Heatmap, DrawsValuesOnTheScaleAndNanInGrey) {
  const std::vector<float> values{-1, 0, 1, kNan};
  const Picture picture = render_heatmap({2, 2, values}, ColorMap::kBwr, kSigned);
  EXPECT_EQ(pixel(picture, 0), (Rgb{0, 0, 255}));
  EXPECT_EQ(pixel(picture, 1), (Rgb{255, 255, 255}));
  EXPECT_EQ(pixel(picture, 2), (Rgb{255, 0, 0}));
  EXPECT_EQ(pixel(picture, 3), (Rgb{222, 222, 222}));
}

TEST(Heatmap, AMapAndAScaleOfDifferentSignsAreRefused) {
  const std::vector<float> values(4);
  const Scale positive{.limit = 1, .sign = RelevanceSign::kUnsigned};
  EXPECT_THROW(render_heatmap({2, 2, values}, ColorMap::kBwr, positive), Error);
  EXPECT_THROW(render_heatmap({2, 2, values}, ColorMap::kViridis, kSigned), Error);
}

TEST(Overlay, ZeroLeavesTheGreyFrameAndOppositeSignsMirror) {
  for (const ColorMap map : {ColorMap::kBwr, ColorMap::kColdNHot, ColorMap::kSeismic}) {
    const Rgb zero = overlay_color(100, 0, map, kSigned);
    EXPECT_EQ(zero.red, zero.green);
    EXPECT_EQ(zero.red, zero.blue);
  }
  const Rgb hot = overlay_color(100, 0.4, ColorMap::kBwr, kSigned);
  const Rgb cold = overlay_color(100, -0.4, ColorMap::kBwr, kSigned);
  EXPECT_GT(hot.red, hot.blue);
  EXPECT_EQ(hot, (Rgb{cold.blue, cold.green, cold.red}));
}

TEST(Overlay, ColourGrowsWithRelevance) {
  int before = -1;
  for (const double relevance : {0.0, 0.05, 0.2, 0.5, 1.0}) {
    const Rgb color = overlay_color(128, relevance, ColorMap::kBwr, kSigned);
    EXPECT_GT(color.red - color.blue, before);
    before = color.red - color.blue;
  }
}

TEST(Overlay, TheMapIsResizedToTheFrame) {
  const std::vector<uint8_t> rgb(6 * 4 * 3, 90);
  const std::vector<float> values{0, 1};
  const Picture picture = render_overlay({6, 4, rgb}, {2, 1, values}, ColorMap::kBwr, kSigned);
  EXPECT_EQ(picture.width, 6);
  EXPECT_EQ(picture.height, 4);
  EXPECT_EQ(pixel(picture, 0).red, pixel(picture, 0).blue);
  EXPECT_GT(pixel(picture, 5).red, pixel(picture, 5).blue + 100);
}

TEST(ResizePicture, KeepsConstantColours) {
  std::vector<uint8_t> rgb;
  for (int i = 0; i < 20; ++i) rgb.insert(rgb.end(), {10, 200, 255});
  const Picture picture = resize_picture({5, 4, rgb}, 2, 9);
  for (size_t i = 0; i < 18; ++i) EXPECT_EQ(pixel(picture, i), (Rgb{10, 200, 255}));
}

}  // namespace
}  // namespace relevid
