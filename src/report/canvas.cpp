// SPDX-License-Identifier: Apache-2.0
#include "report/canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <numbers>

#include "relevid/error.h"
#include "report/text_layout.h"

namespace relevid::report {
namespace {

constexpr int64_t kLargestSide = 32767;  // Cairo's own limit
constexpr double kLineHeight = 1.4;      // of a paragraph, in sizes of its text

void require_success(cairo_status_t status, const char* doing) {
  if (status == CAIRO_STATUS_SUCCESS) return;
  const bool memory = status == CAIRO_STATUS_NO_MEMORY || status == CAIRO_STATUS_INVALID_SIZE;
  throw Error(memory ? ErrorKind::kResourceLimit : ErrorKind::kInternal,
              fmt::format("drawing failed while {}: {}", doing, cairo_status_to_string(status)));
}

cairo_surface_t* create_surface(int64_t width, int64_t height) {
  if (width < 1 || height < 1 || width > kLargestSide || height > kLargestSide) {
    throw Error(ErrorKind::kResourceLimit,
                fmt::format("a figure of {}x{} pixels cannot be drawn; each side may be 1 to {}", width,
                            height, kLargestSide));
  }
  return cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height));
}

/// One row of 0x00RRGGBB words in the machine's byte order, as Cairo keeps them.
void pack(const uint8_t* rgb, int64_t pixels, uint8_t* target) {
  for (int64_t i = 0; i < pixels; ++i, rgb += 3) {
    const uint32_t word = uint32_t{rgb[0]} << 16 | uint32_t{rgb[1]} << 8 | uint32_t{rgb[2]};
    std::memcpy(target + 4 * i, &word, sizeof word);
  }
}

void unpack(const uint8_t* words, int64_t pixels, uint8_t* rgb) {
  for (int64_t i = 0; i < pixels; ++i, rgb += 3) {
    uint32_t word = 0;
    std::memcpy(&word, words + 4 * i, sizeof word);
    rgb[0] = static_cast<uint8_t>(word >> 16);
    rgb[1] = static_cast<uint8_t>(word >> 8);
    rgb[2] = static_cast<uint8_t>(word);
  }
}

/// Collects what Cairo writes; no exception may pass through Cairo's C frames.
cairo_status_t append(void* closure, const unsigned char* bytes, unsigned int count) {
  try {
    static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(bytes), count);
    return CAIRO_STATUS_SUCCESS;
  } catch (const std::bad_alloc&) {
    return CAIRO_STATUS_NO_MEMORY;
  }
}

double aligned(double x, double width, Align align) {
  switch (align) {
    case Align::kLeft:
      return x;
    case Align::kCentre:
      return x - width / 2;
    case Align::kRight:
      return x - width;
  }
  return x;
}

}  // namespace

Canvas::Canvas(int64_t width, int64_t height)
    : width_(width),
      height_(height),
      surface_(create_surface(width, height)),
      context_(cairo_create(surface_.get())) {
  fill({0, 0, static_cast<double>(width), static_cast<double>(height)}, ink::kPaper);
}

Canvas::Canvas(int64_t width, int64_t height, std::span<const uint8_t> pixels) : Canvas(width, height) {
  const auto target = data();
  if (target.size() != pixels.size()) {
    throw Error(ErrorKind::kInternal,
                fmt::format("a canvas of {} bytes was to be filled with {}", target.size(), pixels.size()));
  }
  std::copy(pixels.begin(), pixels.end(), target.begin());
  cairo_surface_mark_dirty(surface_.get());
}

void Canvas::fill(Box box, Ink color) {
  set(color);
  cairo_rectangle(context_.get(), box.x, box.y, box.width, box.height);
  cairo_fill(context_.get());
  check("filling");
}

void Canvas::outline(Box box, Ink color) {
  set(color);
  cairo_set_line_width(context_.get(), 1);
  cairo_rectangle(context_.get(), box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1);
  cairo_stroke(context_.get());
  check("outlining");
}

void Canvas::line(Point from, Point to, Ink color, double width) {
  set(color);
  cairo_set_line_width(context_.get(), width);
  cairo_move_to(context_.get(), from.x, from.y);
  cairo_line_to(context_.get(), to.x, to.y);
  cairo_stroke(context_.get());
  check("drawing a line");
}

void Canvas::dashed_line(Point from, Point to, Ink color) {
  constexpr double kDash[] = {5, 4};
  cairo_set_dash(context_.get(), kDash, 2, 0);
  line(from, to, color);
  cairo_set_dash(context_.get(), nullptr, 0, 0);
}

void Canvas::triangle(Point a, Point b, Point c, Ink color) {
  const Point corners[] = {a, b, c};
  polygon(corners, color);
}

void Canvas::polygon(std::span<const Point> corners, Ink color) {
  set(color);
  for (const Point& corner : corners) cairo_line_to(context_.get(), corner.x, corner.y);
  cairo_close_path(context_.get());
  cairo_fill(context_.get());
  check("filling a polygon");
}

void Canvas::polyline(std::span<const Point> points, Ink color, double width) {
  set(color);
  cairo_set_line_width(context_.get(), width);
  for (const Point& point : points) cairo_line_to(context_.get(), point.x, point.y);
  cairo_stroke(context_.get());
  check("drawing a line");
}

void Canvas::disc(Point centre, double radius, Ink color) {
  set(color);
  cairo_new_path(context_.get());
  cairo_arc(context_.get(), centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(context_.get());
  check("drawing a dot");
}

void Canvas::picture(const Picture& picture, int64_t x, int64_t y) {
  const std::unique_ptr<cairo_surface_t, Destroy> source(create_surface(picture.width, picture.height));
  require_success(cairo_surface_status(source.get()), "creating a picture");
  const int stride = cairo_image_surface_get_stride(source.get());
  uint8_t* row = cairo_image_surface_get_data(source.get());
  for (int64_t i = 0; i < picture.height; ++i, row += stride) {
    pack(picture.rgb.data() + i * picture.width * 3, picture.width, row);
  }
  cairo_surface_mark_dirty(source.get());
  cairo_set_source_surface(context_.get(), source.get(), static_cast<double>(x), static_cast<double>(y));
  cairo_paint(context_.get());
  check("placing a picture");
}

double Canvas::text_width(std::string_view text, const TextStyle& style) {
  return TextLayout(context_.get(), text, style).width();
}

double Canvas::text(Point at, std::string_view text, const TextStyle& style, double max_width) {
  TextLayout layout(context_.get(), text, style);
  layout.elide(style.elide, max_width);
  const double width = layout.width();
  set(style.color);
  show({aligned(at.x, width, style.align), at.y}, layout, 0);
  return width;
}

double Canvas::text(Point at, std::string_view text, const TextStyle& style) {
  return this->text(at, text, style, static_cast<double>(kLargestSide));
}

void Canvas::upward_text(Point centre, std::string_view text, const TextStyle& style, double max_length) {
  cairo_save(context_.get());
  cairo_translate(context_.get(), centre.x, centre.y);
  cairo_rotate(context_.get(), -std::numbers::pi / 2);
  TextStyle centred = style;
  centred.align = Align::kCentre;
  this->text({0, style.size * 0.36}, text, centred, max_length);
  cairo_restore(context_.get());
}

double Canvas::paragraph(Point at, std::string_view text, const TextStyle& style, double width) {
  TextLayout layout(context_.get(), text, style);
  layout.wrap(width);
  set(style.color);
  for (int line = 0; line < layout.lines(); ++line) {
    show(at, layout, line);
    at.y += kLineHeight * style.size;
  }
  return at.y;
}

std::vector<uint8_t> Canvas::pixels() {
  const auto bytes = data();
  return {bytes.begin(), bytes.end()};
}

Picture Canvas::to_picture() {
  const auto bytes = data();
  const int stride = cairo_image_surface_get_stride(surface_.get());
  Picture picture{.width = width_,
                  .height = height_,
                  .rgb = std::vector<uint8_t>(static_cast<size_t>(width_ * height_ * 3))};
  for (int64_t y = 0; y < height_; ++y) {
    unpack(bytes.data() + y * stride, width_, picture.rgb.data() + y * width_ * 3);
  }
  return picture;
}

std::string Canvas::to_png() {
  std::string bytes;
  cairo_surface_flush(surface_.get());
  require_success(cairo_surface_write_to_png_stream(surface_.get(), append, &bytes), "encoding a PNG");
  return bytes;
}

void Canvas::set(Ink color) {
  cairo_set_source_rgba(context_.get(), (color.rgb >> 16) / 255.0, (color.rgb >> 8 & 255) / 255.0,
                        (color.rgb & 255) / 255.0, color.alpha);
}

void Canvas::show(Point at, const TextLayout& layout, int line) {
  cairo_move_to(context_.get(), at.x, at.y);
  layout.show(line);
  check("writing text");
}

void Canvas::check(const char* doing) {
  require_success(cairo_status(context_.get()), doing);
}

std::span<uint8_t> Canvas::data() {
  cairo_surface_flush(surface_.get());
  uint8_t* bytes = cairo_image_surface_get_data(surface_.get());
  if (bytes == nullptr) require_success(CAIRO_STATUS_NULL_POINTER, "reading the canvas");
  return {bytes, static_cast<size_t>(cairo_image_surface_get_stride(surface_.get()) * height_)};
}

}  // namespace relevid::report
