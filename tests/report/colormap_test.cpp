// SPDX-License-Identifier: Apache-2.0
#include "relevid/colormap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "relevid/error.h"

namespace relevid {
namespace {

using ::testing::HasSubstr;
using ::testing::Property;
using ::testing::Throws;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

auto is_error(ErrorKind kind, const std::string& part) {
  return Throws<Error>(
      ::testing::AllOf(Property(&Error::kind, kind), Property(&Error::what, HasSubstr(part))));
}

double luminance(Rgb color) {
  const auto linear = [](uint8_t value) {
    const double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(color.red) + 0.7152 * linear(color.green) + 0.0722 * linear(color.blue);
}

TEST(ColorMap, SignedMapsHaveZeroExactlyAtTheirMiddleColour) {
  const Scale scale{.limit = 3e-4, .sign = RelevanceSign::kSigned};
  EXPECT_EQ(color_at(ColorMap::kColdNHot, scale.position(0)), (Rgb{0, 0, 0}));
  EXPECT_EQ(color_at(ColorMap::kBwr, scale.position(0)), (Rgb{255, 255, 255}));
  EXPECT_EQ(color_at(ColorMap::kSeismic, scale.position(0)), (Rgb{255, 255, 255}));
  EXPECT_EQ(color_at(ColorMap::kBwr, scale.position(-0.0)), (Rgb{255, 255, 255}));
}

TEST(ColorMap, BwrMirrorsItsColoursAroundZero) {
  const Scale scale{.limit = 1, .sign = RelevanceSign::kSigned};
  for (double value = 0; value <= 1.2; value += 1.0 / 512) {
    const Rgb hot = color_at(ColorMap::kBwr, scale.position(value));
    const Rgb cold = color_at(ColorMap::kBwr, scale.position(-value));
    EXPECT_EQ(hot, (Rgb{cold.blue, cold.green, cold.red})) << value;
  }
}

TEST(ColorMap, EndsAreTheMapsOwn) {
  EXPECT_EQ(color_at(ColorMap::kColdNHot, 0), (Rgb{0, 255, 255}));
  EXPECT_EQ(color_at(ColorMap::kColdNHot, 1), (Rgb{255, 255, 0}));
  EXPECT_EQ(color_at(ColorMap::kBwr, -5), (Rgb{0, 0, 255}));
  EXPECT_EQ(color_at(ColorMap::kBwr, 5), (Rgb{255, 0, 0}));
}

// Compared four entries apart: between neighbours one channel's rounding to 8 bits can hide the rise of
// another.
TEST(ColorMap, UnsignedMapsRiseInLuminance) {
  for (const ColorMap map : {ColorMap::kViridis, ColorMap::kInferno}) {
    for (int i = 4; i <= 256; ++i) {
      EXPECT_GT(luminance(color_at(map, i / 256.0)), luminance(color_at(map, (i - 4) / 256.0)))
          << name(map) << " at entry " << i;
    }
  }
}

TEST(ColorMap, SignedMapsTurnFromZeroMonotonicallyOnBothSides) {
  for (const ColorMap map : {ColorMap::kColdNHot, ColorMap::kBwr, ColorMap::kSeismic}) {
    const double direction = map == ColorMap::kColdNHot ? 1 : -1;
    for (int i = 0; i < 128; ++i) {
      EXPECT_GE(direction * (luminance(color_at(map, (129 + i) / 256.0)) -
                             luminance(color_at(map, (128 + i) / 256.0))),
                0);
      EXPECT_GE(direction * (luminance(color_at(map, (127 - i) / 256.0)) -
                             luminance(color_at(map, (128 - i) / 256.0))),
                0);
    }
  }
}

TEST(ColorMap, NamesAreParsedAndTyposAreMet) {
  for (const auto& known : color_map_names()) EXPECT_EQ(name(parse_color_map(known)), known);
  EXPECT_THAT([] { parse_color_map("virids"); },
              is_error(ErrorKind::kInvalidArgument, "did you mean 'viridis'?"));
  EXPECT_THAT([] { parse_color_map("rainbow"); },
              is_error(ErrorKind::kInvalidArgument, "coldnhot, bwr, seismic"));
}

TEST(Scale, LimitIsThePercentileOfTheMagnitude) {
  std::vector<float> values(1001);
  std::iota(values.begin(), values.end(), -500.0F);  // |R|: 0 once, 1..500 twice
  EXPECT_DOUBLE_EQ(fit_scale(values, RelevanceSign::kSigned, 100).limit, 500);
  EXPECT_DOUBLE_EQ(fit_scale(values, RelevanceSign::kSigned, 50).limit, 250);
  EXPECT_DOUBLE_EQ(fit_scale(values, RelevanceSign::kSigned).limit, 498);  // place 995 of 0, 1, 1, 2, 2, ...
  EXPECT_DOUBLE_EQ(fit_scale(std::vector<float>{0, 1}, RelevanceSign::kUnsigned, 75).limit, 0.75);
}

TEST(Scale, ManyPercentilesAreWhatEachIsAlone) {
  std::vector<float> values(997);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i * 7919 % 997) * (i % 3 ? 1.0F : -1.0F);
  const std::vector<double> percentiles = {12.5, 90, 99.5, 99.5, 100};
  const auto limits = scale_limits(values, percentiles);
  ASSERT_EQ(limits.size(), percentiles.size());
  for (size_t i = 0; i < limits.size(); ++i)
    EXPECT_EQ(limits[i], fit_scale(values, RelevanceSign::kSigned, percentiles[i]).limit);
  EXPECT_TRUE(scale_limits(values, {}).empty());
  EXPECT_THAT(
      [&] {
        scale_limits(values, std::vector<double>{99, 90});
      },
      is_error(ErrorKind::kInvalidArgument, "do not ascend"));
}

TEST(Scale, SparseRelevanceFallsBackToTheLargest) {
  std::vector<float> values(10000, 0.0F);
  values[17] = -2.5F;
  EXPECT_DOUBLE_EQ(fit_scale(values, RelevanceSign::kSigned).limit, 2.5);
}

TEST(Scale, AllZeroRelevanceDrawsAsZero) {
  const Scale scale = fit_scale(std::vector<float>(8, 0.0F), RelevanceSign::kSigned);
  EXPECT_EQ(scale.limit, 0);
  EXPECT_EQ(scale.position(0), 0.5);
  EXPECT_EQ(scale.strength(0), 0);
}

TEST(Scale, NanIsLeftOutAndInfinityRefused) {
  EXPECT_DOUBLE_EQ(fit_scale(std::vector<float>{kNan, 3, kNan}, RelevanceSign::kSigned).limit, 3);
  EXPECT_THAT(
      [] {
        fit_scale(std::vector<float>{1, -kInfinity}, RelevanceSign::kSigned);
      },
      is_error(ErrorKind::kInvalidArgument, "at value 1"));
  EXPECT_THAT([] { fit_scale(std::vector<float>{kNan}, RelevanceSign::kSigned); },
              is_error(ErrorKind::kInvalidArgument, "none of the 1 values"));
  EXPECT_THAT([] { fit_scale({}, RelevanceSign::kSigned); },
              is_error(ErrorKind::kInvalidArgument, "needs relevance"));
  EXPECT_THAT([] { fit_scale(std::vector<float>{1}, RelevanceSign::kSigned, 0); },
              is_error(ErrorKind::kInvalidArgument, "percentile"));
}

TEST(Scale, PositionsAreSymmetricClampedAndUnsignedOnesStartAtZero) {
  const Scale both{.limit = 2, .sign = RelevanceSign::kSigned};
  EXPECT_DOUBLE_EQ(both.position(1), 0.75);
  EXPECT_DOUBLE_EQ(both.position(-1), 0.25);
  EXPECT_DOUBLE_EQ(both.position(-7), 0);
  const Scale positive{.limit = 2, .sign = RelevanceSign::kUnsigned};
  EXPECT_DOUBLE_EQ(positive.position(1), 0.5);
  EXPECT_DOUBLE_EQ(positive.position(-1), 0);
  EXPECT_DOUBLE_EQ(positive.position(7), 1);
}

}  // namespace
}  // namespace relevid
