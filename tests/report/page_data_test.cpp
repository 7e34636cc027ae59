// SPDX-License-Identifier: Apache-2.0
#include "report/page_data.h"

#include <cairo.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "relevid/error.h"
#include "support/base64.h"

namespace relevid::report {
namespace {

using relevid::testing::from_base64;
using relevid::testing::inflated;
using relevid::testing::relevance_of;

TEST(Base64, IsThatOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(EncodedMap, ComesBackWithinHalfAStepOfItsRoot) {
  std::vector<float> map;
  for (int i = 0; i < 4000; ++i) {
    const double size = std::pow(10.0, -6.0 * (i % 997) / 997.0);
    map.push_back(static_cast<float>((i % 3 == 0 ? -3.5 : 3.5) * size));
  }
  const double limit = 3.5;
  const std::string bytes = inflated(from_base64(encoded_map(map, limit)), map.size());
  for (size_t i = 0; i < map.size(); ++i) {
    const double back = relevance_of(bytes[i], limit), value = static_cast<double>(map[i]);
    const auto root = [&](double r) { return std::sqrt(std::fabs(r) / limit); };
    ASSERT_LE(std::fabs(root(back) - root(value)), 0.5 / 127 + 1e-6) << value;
    ASSERT_GE(back * value, 0);
  }
}

TEST(EncodedMap, HoldsZeroAndTheLimitExactly) {
  const std::vector<float> map = {0, -0.0F, 2, -2, 1e-30F};
  EXPECT_EQ(quantised_map(map, 2), std::string({0, 0, 127, -127, 0}));
  EXPECT_EQ(quantised_map(std::vector<float>{0, 0}, 0), std::string(2, '\0'));
}

TEST(EncodedMap, RefusesWhatItCannotHold) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const float bad : {nan, std::numeric_limits<float>::infinity(), 1.1F})
    EXPECT_THROW(quantised_map(std::vector<float>{bad}, 1), Error);
}

TEST(EncodedPicture, IsAPngOfTheSamePixels) {
  Picture picture{3, 2, {}};
  for (uint8_t i = 0; i < 18; ++i) picture.rgb.push_back(static_cast<uint8_t>(13 * i));
  const std::string png = from_base64(encoded_picture(view(picture)));
  EXPECT_EQ(png.substr(1, 3), "PNG");
  EXPECT_EQ(png[24], 8);  // bits a channel
  EXPECT_EQ(png[25], 2);  // RGB
  struct Source {
    const std::string& bytes;
    size_t at = 0;
  } source{png};
  cairo_surface_t* surface = cairo_image_surface_create_from_png_stream(
      [](void* closure, unsigned char* to, unsigned int count) {
        auto& from = *static_cast<Source*>(closure);
        if (from.at + count > from.bytes.size()) return CAIRO_STATUS_READ_ERROR;
        from.bytes.copy(reinterpret_cast<char*>(to), count, from.at);
        from.at += count;
        return CAIRO_STATUS_SUCCESS;
      },
      &source);
  ASSERT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  const unsigned char* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < 2; ++y) {
    for (int x = 0; x < 3; ++x) {
      const auto* word = reinterpret_cast<const uint32_t*>(data + y * stride) + x;
      const auto* rgb = &picture.rgb[static_cast<size_t>(3 * (3 * y + x))];
      EXPECT_EQ(*word & 0xffffff, uint32_t{rgb[0]} << 16 | uint32_t{rgb[1]} << 8 | rgb[2]);
    }
  }
  cairo_surface_destroy(surface);
}

}  // namespace
}  // namespace relevid::report
