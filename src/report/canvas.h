// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/colormap.h"
#include "report/style.h"

namespace relevid::report {

class TextLayout;

/// In pixels; y grows downwards.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Point {
  double x = 0;
  double y = 0;
};

/// In whole pixels.
struct PixelSize {
  int64_t width = 0;
  int64_t height = 0;
};

/// A white picture to draw on. Owns its pixels; not thread-safe, while different canvases may be used at
/// once. Throws Error(kResourceLimit) for sizes Cairo cannot hold and for lack of memory, Error(kInternal)
/// for anything else that Cairo reports. Text is any bytes and never markup; see TextLayout.
class Canvas {
 public:
  Canvas(int64_t width, int64_t height);
  /// A canvas that begins as a copy of another one's pixels().
  Canvas(int64_t width, int64_t height, std::span<const uint8_t> pixels);

  void fill(Box box, Ink color);
  void outline(Box box, Ink color);  ///< one pixel wide, just inside the box
  void line(Point from, Point to, Ink color, double width = 1);
  void dashed_line(Point from, Point to, Ink color);
  void triangle(Point a, Point b, Point c, Ink color);
  void polygon(std::span<const Point> corners, Ink color);  ///< filled
  void polyline(std::span<const Point> points, Ink color, double width = 1);
  void disc(Point centre, double radius, Ink color);
  /// Pixel for pixel, its upper left corner at whole pixels.
  void picture(const Picture& picture, int64_t x, int64_t y);
  double text_width(std::string_view text, const TextStyle& style);
  /// One line, elided to `max_width`; `at` is on the baseline, and the text's left, centre or right as
  /// aligned. Returns the width.
  double text(Point at, std::string_view text, const TextStyle& style, double max_width);
  double text(Point at, std::string_view text, const TextStyle& style);
  /// Centred at `centre` and reading upwards.
  void upward_text(Point centre, std::string_view text, const TextStyle& style, double max_length);
  /// In lines of at most `width`, the first one's baseline at `at`; returns the y of the line after the last.
  double paragraph(Point at, std::string_view text, const TextStyle& style, double width);
  /// Cairo's own pixels, to begin another canvas of the same size with.
  std::vector<uint8_t> pixels();
  Picture to_picture();
  /// The bytes of a PNG file.
  std::string to_png();

 private:
  struct Destroy {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* context) const { cairo_destroy(context); }
  };

  void set(Ink color);
  void show(Point at, const TextLayout& layout, int line);
  void check(const char* doing);
  std::span<uint8_t> data();

  int64_t width_;
  int64_t height_;
  std::unique_ptr<cairo_surface_t, Destroy> surface_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

}  // namespace relevid::report
