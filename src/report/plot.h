// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "report/canvas.h"
#include "report/charts.h"
#include "report/interval.h"

namespace relevid::report {

/// From the smallest to the largest finite number of some.
class ValueRange {
 public:
  void add(double value);
  void add(const Interval& interval);
  bool is_empty() const { return !(low_ <= high_); }
  /// Around the range; [0, 1] where it is empty.
  Ticks ticks(int most) const;

 private:
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

/// A box with a vertical axis, and horizontal places from 0 to 1. Draws the axis and its lines at once.
class Plot {
 public:
  /// `area` holds the numbers left of the axis, too; `factor` is what they are multiplied by to be written.
  Plot(Canvas& canvas, Box area, const Ticks& ticks, double factor, double text_size);

  const Box& box() const { return box_; }
  double x(double place) const { return box_.x + place * box_.width; }
  double y(double value) const;

  void band(const std::vector<double>& places, const std::vector<Interval>& values, Ink color);
  void line(const std::vector<double>& places, const std::vector<double>& values, Ink color, double width);
  /// A dot with its interval as a bar; nothing where the value is not finite.
  void dot(double place, const Interval& value, Ink color);
  /// A dashed line across.
  void level(double value, Ink color);
  /// Lines of text below a place, centred.
  void labels(double place, const std::vector<std::string>& lines, Ink color, Weight weight,
              double max_width);

 private:
  Canvas& canvas_;
  Box box_;
  Ticks ticks_;
  double text_size_;
};

}  // namespace relevid::report
