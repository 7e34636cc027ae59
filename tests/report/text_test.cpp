// SPDX-License-Identifier: Apache-2.0
#include "report/text.h"

#include <gtest/gtest.h>

#include "report/charts.h"

namespace relevid::report {
namespace {

TEST(Drawable, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(drawable("Zähne putzen · 刷牙 🎬"), "Zähne putzen · 刷牙 🎬");
  EXPECT_EQ(drawable("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(drawable("cut \xE5\x88"), "cut \uFFFD\uFFFD");
  EXPECT_EQ(drawable("\xC0\xAF"), "\uFFFD\uFFFD");                 // overlong
  EXPECT_EQ(drawable("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");       // surrogate
  EXPECT_EQ(drawable("\xF4\x90\x80\x80").substr(0, 3), "\uFFFD");  // beyond U+10FFFF
}

TEST(Drawable, ControlCharactersBecomeSpaces) {
  EXPECT_EQ(drawable("two\nlines\tand \x7F"
                     "\xC2\x85."),
            "two lines and   .");
  EXPECT_EQ(drawable("line\u2028paragraph\u2029."), "line paragraph .");
  EXPECT_EQ(drawable(std::string_view("nul\0!", 5)), "nul\uFFFD!");
  EXPECT_EQ(drawable(""), "");
}

TEST(Percent, ShowsSmallOnesHonestly) {
  EXPECT_EQ(percent(0.9312), "93.1 %");
  EXPECT_EQ(percent(0.00031), "0.03 %");
  EXPECT_EQ(percent(0.00001), "<0.01 %");
  EXPECT_EQ(percent(0), "0.0 %");
  EXPECT_EQ(percent(-0.052), "−5.2 %");
}

TEST(NumberFormat, SetsPowersOfTenApart) {
  const NumberFormat tiny = format_for(5.9e-5);
  EXPECT_EQ(tiny.factor(), "×10⁻⁵");
  EXPECT_EQ(tiny.write(-2.95e-5), "−2.95");
  EXPECT_EQ(tiny.write(0), "0");
  EXPECT_EQ(format_for(0.5).factor(), "");
  EXPECT_EQ(format_for(0.5).write(0.25), "0.250");
  EXPECT_EQ(format_for(123).write(123), "123");
  EXPECT_EQ(format_for(4e12).factor(), "×10¹²");
  EXPECT_EQ(format_for(0).write(0), "0");
}

TEST(Ticks, AreRoundAndEncloseTheRange) {
  for (const auto& [low, high] :
       {std::pair{0.0, 0.137}, {-2.3, 1.1}, {0.0, 1.0}, {-3e-5, 4e-5}, {0.0, 8700.0}}) {
    const Ticks ticks = ticks_around(low, high, 4);
    EXPECT_LE(ticks.first, low + 1e-9 * ticks.step);
    EXPECT_GE(ticks.last(), high - 1e-9 * ticks.step);
    EXPECT_LE(ticks.count, 6);
    EXPECT_GE(ticks.count, 3);
  }
  EXPECT_EQ(tick_label(ticks_around(0, 0.137, 4).at(1), ticks_around(0, 0.137, 4).decimals), "0.05");
  EXPECT_EQ(tick_label(-0.05, 2), "−0.05");
  EXPECT_EQ(tick_label(-1e-18, 2), "0.00");
}

}  // namespace
}  // namespace relevid::report
