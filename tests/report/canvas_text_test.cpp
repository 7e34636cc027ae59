// SPDX-License-Identifier: Apache-2.0
// What of it is drawn is looked at as ink: pixels that are darker than half.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "report/canvas.h"

namespace relevid::report {
namespace {

constexpr int64_t kWidth = 400, kHeight = 200;
constexpr TextStyle kStyle{.size = 20};

/// The smallest box around the ink within the columns `from` to `to`.
std::optional<Box> inked(Canvas& canvas, int64_t from = 0, int64_t to = kWidth) {
  const Picture picture = canvas.to_picture();
  int64_t left = kWidth, right = -1, top = kHeight, bottom = -1;
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = from; x < to; ++x) {
      if (picture.rgb[static_cast<size_t>(3 * (y * kWidth + x))] > 127) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  if (right < 0) return std::nullopt;
  return Box{static_cast<double>(left), static_cast<double>(top), static_cast<double>(right - left + 1),
             static_cast<double>(bottom - top + 1)};
}

std::vector<uint8_t> drawn(std::string_view text, Elide elide, double max_width) {
  Canvas canvas(kWidth, kHeight);
  canvas.text({20, 100}, text, {.size = 20, .elide = elide}, max_width);
  return canvas.to_picture().rgb;
}

TEST(CanvasText, ArabicLettersAreJoined) {
  Canvas canvas(kWidth, kHeight);
  const auto width = [&](std::string_view text) { return canvas.text_width(text, kStyle); };
  EXPECT_GT(width("مشي"), 0);
  EXPECT_LT(width("مشي"), 0.95 * (width("م") + width("ش") + width("ي")));
}

TEST(CanvasText, ArabicRunsFromRightToLeft) {
  Canvas canvas(kWidth, kHeight);
  canvas.text({20, 100}, "ا م", {.size = 60});  // the tall letter is the first, the other has a low tail
  const Box all = inked(canvas).value();
  const auto middle = static_cast<int64_t>(all.x + all.width / 2);
  const Box left = inked(canvas, 0, middle).value(), right = inked(canvas, middle).value();
  EXPECT_LT(right.y + 10, left.y);
  EXPECT_LT(right.bottom() + 5, left.bottom());
}

TEST(CanvasText, IsAlignedAtItsPoint) {
  for (const auto& [align, left] :
       {std::pair{Align::kLeft, 0.0}, {Align::kCentre, 0.5}, {Align::kRight, 1.0}}) {
    for (const std::string_view text : {"HHHH", "ششش"}) {
      Canvas canvas(kWidth, kHeight);
      const double width = canvas.text({200, 100}, text, {.size = 20, .align = align}, 190);
      EXPECT_DOUBLE_EQ(width, canvas.text_width(text, kStyle));
      const Box box = inked(canvas).value();
      EXPECT_NEAR(box.x, 200 - left * width, 3) << text;
      EXPECT_NEAR(box.right(), 200 + (1 - left) * width, 3) << text;
    }
  }
}

TEST(CanvasText, StaysInItsWidth) {
  Canvas canvas(kWidth, kHeight);
  for (const std::string& text :
       {std::string(400, 'W'), std::string(1 << 20, 'i'), std::string(5000, '\xE5')}) {
    const double width = canvas.text({20, 100}, text, kStyle, 150);
    EXPECT_LE(width, 150);
    EXPECT_GT(width, 120);
  }
  EXPECT_LE(inked(canvas)->right(), 171);
}

TEST(CanvasText, IsElidedAtTheEndOrInTheMiddle) {
  const std::string l = "W" + std::string(200, 'x') + "l", w = "W" + std::string(200, 'x') + "W";
  EXPECT_EQ(drawn(l, Elide::kEnd, 150), drawn(w, Elide::kEnd, 150));
  EXPECT_NE(drawn(l, Elide::kMiddle, 150), drawn(w, Elide::kMiddle, 150));
  EXPECT_NE(drawn(l, Elide::kMiddle, 150), drawn("l" + l.substr(1), Elide::kMiddle, 150));
}

TEST(CanvasText, IsLeftOutWhereNothingFits) {
  for (const double room : {3.0, 0.0, -50.0}) {
    Canvas canvas(kWidth, kHeight);
    EXPECT_EQ(canvas.text({20, 100}, "walking", kStyle, room), 0);
    EXPECT_FALSE(inked(canvas)) << room;
  }
}

TEST(CanvasText, ParagraphsAreBrokenAtTheirWidth) {
  Canvas canvas(kWidth, kHeight);
  const double one = canvas.paragraph({20, 30}, "short", {.size = 10}, 150);
  EXPECT_DOUBLE_EQ(one, 30 + 14);
  const double last =
      canvas.paragraph({20, one}, "several words that need " + std::string(60, 'y'), {.size = 10}, 150);
  EXPECT_GE(last, one + 4 * 14);
  const Box box = inked(canvas).value();
  EXPECT_GT(box.right(), 150);
  EXPECT_LE(box.right(), 171);
  EXPECT_LT(box.bottom(), last);
}

TEST(CanvasText, MarkupIsData) {
  Canvas canvas(kWidth, kHeight);
  EXPECT_GT(canvas.text_width("<b>x</b>", kStyle), 4 * canvas.text_width("x", kStyle));
}

}  // namespace
}  // namespace relevid::report
