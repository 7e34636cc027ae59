// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "relevid/colormap.h"
#include "relevid/figures.h"
#include "report/canvas.h"

namespace relevid::report {

/// Values from `first` to `last` in steps of 1, 2 or 5 times a power of ten; `decimals` is what telling them
/// apart needs.
struct Ticks {
  double first = 0;
  double step = 1;
  int count = 0;
  int decimals = 0;
  double at(int i) const { return first + step * i; }
  double last() const { return at(count - 1); }
};

/// Ticks around [low, high], at most `most` + 2 of them; the first is at or below low, the last at or above
/// high.
Ticks ticks_around(double low, double high, int most);

/// "0.05", with a real minus sign.
std::string tick_label(double value, int decimals);

enum class Direction { kRightwards, kUpwards };

/// The colours of a scale with its numbers: zero, the limit, and half of it, each in both signs where signed.
/// As in overlays, the colours lie over a middle grey there. Numbers stand below a bar to the right, right of
/// a bar upwards.
void draw_color_bar(Canvas& canvas, Box bar, Direction direction, ColorMap colors, const Scale& scale,
                    MapStyle style);

/// "full colour at percentile 99.5 of |R|"
std::string scale_caption(const Scale& scale);

/// One bar, or one label, at a place on the horizontal axis, which runs from 0 to 1.
struct ShareBar {
  double centre = 0;
  double share = 0;
  double negative_share = 0;  ///< the part of `share` that negative relevance makes up
  double null_share = std::numeric_limits<double>::quiet_NaN();  ///< a thin line across the bar; NaN: none
  bool at_border = false;                                        ///< what border_bands shades
};
struct AxisLabel {
  double centre = 0;
  std::string first_line;
  std::string second_line;
};
struct Band {
  double begin = 0;
  double end = 0;
};

/// A chart of relevance per frame. The vertical axis always holds zero and the even share.
struct ShareChart {
  std::vector<ShareBar> bars;
  double bar_width = 0;  ///< as a part of the axis
  ShareOf share_of = ShareOf::kRelevance;
  double even_share = 0;  ///< drawn as a thin line; 0: none
  std::vector<Band> bands;
  std::vector<AxisLabel> labels;  ///< where they are too dense, every second, third, ... is drawn
  std::string x_title;
  double text_size = 13;
};

/// Error(kInvalidArgument) where the share is not finite or its negative part is not a part of it; `what`
/// says where in the figure the bar stands.
void require_valid(const ShareBar& bar, std::string_view what);
/// Error(kInvalidArgument) outside [0, 1].
void require_valid_even_share(double even_share);

/// The places of bars at a border, `width` each, neighbours as one band; none where that would be all of
/// them. Bars ascend.
std::vector<Band> border_bands(const std::vector<ShareBar>& bars, double width);

bool has_negative_part(const ShareChart& chart);
bool has_null_share(const ShareChart& chart);

/// Draws the chart into `area`, axes and titles included, and returns the box its bars stand in. The negative
/// part of a bar is its upper, lighter one.
Box draw_share_chart(Canvas& canvas, Box area, const ShareChart& chart);

}  // namespace relevid::report
