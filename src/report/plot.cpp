// SPDX-License-Identifier: Apache-2.0
#include "report/plot.h"

#include <algorithm>
#include <cmath>

namespace relevid::report {
namespace {

constexpr double kDot = 4.5;
constexpr double kCap = 4;  // half of the bar's ends
constexpr double kBaseline = 0.36;

Ticks scaled(const Ticks& ticks, double factor) {
  const double step = ticks.step * factor;
  const double digits = -std::floor(std::log10(step) + 1e-9);
  return {ticks.first * factor, step, ticks.count, static_cast<int>(std::clamp(digits, 0.0, 12.0))};
}

}  // namespace

void ValueRange::add(double value) {
  if (!std::isfinite(value)) return;
  low_ = std::min(low_, value);
  high_ = std::max(high_, value);
}

void ValueRange::add(const Interval& interval) {
  add(interval.value);
  add(interval.low);
  add(interval.high);
}

Ticks ValueRange::ticks(int most) const {
  if (is_empty()) return ticks_around(0, 1, most);
  const double slack = high_ > low_ ? 0 : std::max(std::fabs(high_) / 2, 0.5);
  return ticks_around(low_ - slack, high_ + slack, most);
}

Plot::Plot(Canvas& canvas, Box area, const Ticks& ticks, double factor, double text_size)
    : canvas_(canvas), box_(area), ticks_(ticks), text_size_(text_size) {
  const TextStyle style{.size = text_size, .color = ink::kQuiet, .align = Align::kRight};
  const Ticks shown = scaled(ticks, factor);
  double widest = 0;
  for (int i = 0; i < shown.count; ++i)
    widest = std::max(widest, canvas.text_width(tick_label(shown.at(i), shown.decimals), style));
  const double left = std::ceil(widest) + 10;
  box_.x += left;
  box_.width -= left;
  for (int i = 0; i < ticks.count; ++i) {
    const double at = std::round(y(ticks.at(i))) + 0.5;
    canvas.line({box_.x, at}, {box_.right(), at}, i == 0 ? ink::kFrame : ink::kRule);
    canvas.text({box_.x - 8, at + kBaseline * text_size}, tick_label(shown.at(i), shown.decimals), style);
  }
}

double Plot::y(double value) const {
  return box_.bottom() - (value - ticks_.first) / (ticks_.last() - ticks_.first) * box_.height;
}

void Plot::band(const std::vector<double>& places, const std::vector<Interval>& values, Ink color) {
  std::vector<Point> corners;
  for (size_t i = 0; i < places.size(); ++i) {
    if (!(values[i].low <= values[i].high)) return;  // no intervals, as of a single video
    corners.push_back({x(places[i]), y(values[i].high)});
  }
  for (size_t i = places.size(); i-- > 0;) corners.push_back({x(places[i]), y(values[i].low)});
  if (places.size() > 1) canvas_.polygon(corners, color);
}

void Plot::line(const std::vector<double>& places, const std::vector<double>& values, Ink color,
                double width) {
  std::vector<Point> points;
  for (size_t i = 0; i < places.size(); ++i) {
    if (std::isfinite(values[i])) points.push_back({x(places[i]), y(values[i])});
  }
  if (points.size() > 1) canvas_.polyline(points, color, width);
}

void Plot::dot(double place, const Interval& value, Ink color) {
  if (!std::isfinite(value.value)) return;
  const double at = x(place);
  if (value.low <= value.high) {
    canvas_.line({at, y(value.low)}, {at, y(value.high)}, color, 1.5);
    for (const double end : {value.low, value.high})
      canvas_.line({at - kCap, y(end)}, {at + kCap, y(end)}, color, 1.5);
  }
  canvas_.disc({at, y(value.value)}, kDot, color);
}

void Plot::level(double value, Ink color) {
  const double at = std::round(y(value)) + 0.5;
  canvas_.dashed_line({box_.x, at}, {box_.right(), at}, color);
}

void Plot::labels(double place, const std::vector<std::string>& lines, Ink color, Weight weight,
                  double max_width) {
  const double at = x(place);
  canvas_.line({at, box_.bottom()}, {at, box_.bottom() + 4}, ink::kFrame);
  double baseline = box_.bottom() + 6;
  for (const std::string& line : lines) {
    baseline += text_size_ + 3;
    canvas_.text({at, baseline}, line,
                 {.size = text_size_, .color = color, .weight = weight, .align = Align::kCentre}, max_width);
  }
}

}  // namespace relevid::report
