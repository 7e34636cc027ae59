// SPDX-License-Identifier: Apache-2.0
#include "report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "relevid/error.h"
#include "report/text.h"

namespace relevid::report {
namespace {

constexpr double kMiddleGrey = 128;
constexpr double kWidestBar = 120;
constexpr int kMostDecimals = 12;
constexpr double kLongestPlain = 1e6;  // from here on, axis labels are written with an exponent

struct BarNumber {
  double place;  // 0 to 1 along the bar
  std::string label;
  bool is_zero;
};

std::vector<BarNumber> bar_numbers(const Scale& scale) {
  if (scale.limit <= 0) return {{scale.position(0), "0", true}};
  std::vector<BarNumber> numbers;
  const NumberFormat format = format_for(scale.limit);
  const double lowest = scale.sign == RelevanceSign::kSigned ? -1 : 0;
  for (double part = lowest; part <= 1; part += 0.5) {
    const double value = part * scale.limit;
    numbers.push_back(
        {scale.position(value), (part > 0 && lowest < 0 ? "+" : "") + format.write(value), part == 0});
  }
  return numbers;
}

Rgb bar_color(double place, ColorMap colors, const Scale& scale, MapStyle style) {
  if (style == MapStyle::kHeatmap) return color_at(colors, place);
  // The bar runs over the whole map also where the limit is zero.
  const Scale unit{.limit = 1, .sign = scale.sign, .percentile = scale.percentile};
  const double relevance = scale.sign == RelevanceSign::kSigned ? 2 * place - 1 : place;
  return overlay_color(kMiddleGrey, relevance, colors, unit);
}

/// A vertical axis, with the values at its ends.
struct Axis {
  Box plot;
  double bottom = 0;
  double top = 1;
  double y(double value) const { return plot.bottom() - (value - bottom) / (top - bottom) * plot.height; }
  double whole_y(double value) const { return std::round(y(value)) + 0.5; }
};

struct Range {
  double low = 0;
  double high = 0;
};

Range range_of(const ShareChart& chart) {
  Range range{.low = 0, .high = chart.even_share * 1.15};
  for (const auto& bar : chart.bars) {
    range.low = std::min(range.low, bar.share);
    range.high = std::max(range.high, bar.share);
    if (std::isfinite(bar.null_share)) range.high = std::max(range.high, bar.null_share);
  }
  if (range.high == range.low) range.high = 1;
  return range;
}

void draw_bands(Canvas& canvas, const Box& plot, const ShareChart& chart) {
  for (const auto& band : chart.bands) {
    canvas.fill({plot.x + band.begin * plot.width, plot.y, (band.end - band.begin) * plot.width, plot.height},
                ink::kBand);
  }
}

void draw_vertical_axis(Canvas& canvas, const Axis& axis, const Ticks& ticks, double text_size) {
  const TextStyle style{.size = text_size, .color = ink::kQuiet, .align = Align::kRight};
  for (int i = 0; i < ticks.count; ++i) {
    const double y = axis.whole_y(ticks.at(i));
    canvas.line({axis.plot.x, y}, {axis.plot.right(), y}, ink::kRule);
    canvas.text({axis.plot.x - 8, y + 0.36 * text_size}, tick_label(ticks.at(i), ticks.decimals), style);
  }
}

void draw_bars(Canvas& canvas, const Axis& axis, const ShareChart& chart) {
  const double width = std::clamp(chart.bar_width * axis.plot.width, 1.0, kWidestBar);
  const auto block = [&](double centre, double from, double to, Ink color) {
    const double top = axis.y(std::max(from, to));
    canvas.fill(
        {axis.plot.x + centre * axis.plot.width - width / 2, top, width, axis.y(std::min(from, to)) - top},
        color);
  };
  for (const auto& bar : chart.bars) {
    const double positive = bar.share - bar.negative_share;
    block(bar.centre, 0, positive, positive < 0 ? ink::kBarNegative : ink::kBar);
    block(bar.centre, positive, bar.share, ink::kBarNegative);
  }
}

/// Piece by piece, as frames of different clips may stand beside each other.
void draw_null_shares(Canvas& canvas, const Axis& axis, const ShareChart& chart) {
  constexpr double kReach = 1.3;  // over the bar's width
  const double half = std::max(1.5, kReach * chart.bar_width * axis.plot.width / 2);
  for (const auto& bar : chart.bars) {
    if (!std::isfinite(bar.null_share)) continue;
    const double x = axis.plot.x + bar.centre * axis.plot.width, y = axis.whole_y(bar.null_share);
    canvas.line({x - half, y}, {x + half, y}, ink::kPaper, 3);  // so that it shows on a bar, too
    canvas.line({x - half, y}, {x + half, y}, ink::kText);
  }
}

std::string even_label(double even_share) {
  return fmt::format("even 1/{:.6g}", 1 / even_share);
}

void draw_even_share(Canvas& canvas, const Axis& axis, const ShareChart& chart) {
  const double y = axis.whole_y(chart.even_share);
  canvas.dashed_line({axis.plot.x, y}, {axis.plot.right(), y}, ink::kAccent);
  canvas.text({axis.plot.right() + 8, y + 0.36 * chart.text_size}, even_label(chart.even_share),
              {.size = chart.text_size, .color = ink::kAccent});
}

void draw_labels(Canvas& canvas, const Box& plot, const ShareChart& chart) {
  const TextStyle first{.size = chart.text_size, .color = ink::kText, .align = Align::kCentre};
  const TextStyle second{.size = chart.text_size - 1, .color = ink::kQuiet, .align = Align::kCentre};
  double widest = 0;
  for (const auto& label : chart.labels) {
    widest = std::max(
        {widest, canvas.text_width(label.first_line, first), canvas.text_width(label.second_line, second)});
  }
  double free_from = -1e9;
  const double pitch =
      chart.labels.size() < 2 ? plot.width : (chart.labels[1].centre - chart.labels[0].centre) * plot.width;
  const auto stride =
      std::max<size_t>(1, static_cast<size_t>(std::ceil((widest + 8) / std::max(pitch, 1e-3))));
  for (size_t i = 0; i < chart.labels.size(); i += stride) {
    const auto& label = chart.labels[i];
    const double x = plot.x + label.centre * plot.width;
    if (x - widest / 2 < free_from) continue;
    free_from = x + widest / 2 + 4;
    canvas.line({x, plot.bottom()}, {x, plot.bottom() + 4}, ink::kFrame);
    canvas.text({x, plot.bottom() + 6 + chart.text_size}, label.first_line, first);
    canvas.text({x, plot.bottom() + 8 + 2 * chart.text_size}, label.second_line, second);
  }
}

}  // namespace

Ticks ticks_around(double low, double high, int most) {
  const double rough = high / most - low / most;
  const double magnitude = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * magnitude;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * magnitude >= rough * (1 - 1e-9)) step = factor * magnitude;
  }
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  return {.first = first * step,
          .step = step,
          .count = static_cast<int>(last - first) + 1,
          .decimals = std::clamp(static_cast<int>(-std::floor(std::log10(step) + 1e-9)), 0, kMostDecimals)};
}

std::string tick_label(double value, int decimals) {
  const double size = std::abs(value);
  const std::string text =
      size < kLongestPlain ? fmt::format("{:.{}f}", size, decimals) : fmt::format("{:.1e}", size);
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return value < 0 && !is_zero ? "−" + text : text;
}

std::string scale_caption(const Scale& scale) {
  const bool is_signed = scale.sign == RelevanceSign::kSigned;
  return fmt::format("full colour at percentile {:g} of {}", scale.percentile, is_signed ? "|R|" : "R");
}

void draw_color_bar(Canvas& canvas, Box bar, Direction direction, ColorMap colors, const Scale& scale,
                    MapStyle style) {
  constexpr double kTextSize = 13;
  const bool upwards = direction == Direction::kUpwards;
  const auto length = static_cast<int64_t>(upwards ? bar.height : bar.width);
  for (int64_t i = 0; i < length; ++i) {
    const Rgb color =
        bar_color((static_cast<double>(i) + 0.5) / static_cast<double>(length), colors, scale, style);
    const Ink ink{uint32_t{color.red} << 16 | uint32_t{color.green} << 8 | uint32_t{color.blue}};
    const double step = static_cast<double>(i);
    canvas.fill(
        upwards ? Box{bar.x, bar.bottom() - step - 1, bar.width, 1} : Box{bar.x + step, bar.y, 1, bar.height},
        ink);
  }
  canvas.outline(bar, ink::kFrame);
  for (const auto& [place, label, is_zero] : bar_numbers(scale)) {
    const double reach = is_zero ? 8 : 5;
    const TextStyle text{.size = kTextSize,
                         .color = is_zero ? ink::kText : ink::kQuiet,
                         .weight = is_zero ? Weight::kBold : Weight::kRegular,
                         .align = upwards ? Align::kLeft : Align::kCentre};
    if (upwards) {
      const double y = std::round(bar.bottom() - place * (bar.height - 1)) - 0.5;
      canvas.line({bar.right(), y}, {bar.right() + reach, y}, ink::kText);
      canvas.text({bar.right() + 11, y + 0.36 * kTextSize}, label, text);
    } else {
      const double x = std::round(bar.x + place * (bar.width - 1)) + 0.5;
      canvas.line({x, bar.bottom()}, {x, bar.bottom() + reach}, ink::kText);
      canvas.text({x, bar.bottom() + 10 + kTextSize}, label, text);
    }
  }
}

void require_valid(const ShareBar& bar, std::string_view what) {
  const double part = bar.negative_share;
  if (std::isfinite(bar.share) && (part == 0 || (part > 0 && part <= bar.share))) return;
  throw Error(ErrorKind::kInvalidArgument,
              fmt::format("{}: its share is {}, of it {} negative; the share must be finite, its negative "
                          "part between 0 and the share",
                          what, bar.share, part));
}

void require_valid_even_share(double even_share) {
  if (even_share >= 0 && even_share <= 1) return;
  throw Error(
      ErrorKind::kInvalidArgument,
      fmt::format("an even share of {} cannot be drawn; it must be 1 / frames per clip, or 0 for none",
                  even_share));
}

std::vector<Band> border_bands(const std::vector<ShareBar>& bars, double width) {
  constexpr double kTouching = 1e-9;
  std::vector<Band> bands;
  if (std::ranges::all_of(bars, &ShareBar::at_border)) return bands;
  for (const ShareBar& bar : bars) {
    if (!bar.at_border) continue;
    const double begin = bar.centre - width / 2, end = bar.centre + width / 2;
    if (!bands.empty() && begin <= bands.back().end + kTouching)
      bands.back().end = end;
    else
      bands.push_back({begin, end});
  }
  return bands;
}

bool has_negative_part(const ShareChart& chart) {
  return std::ranges::any_of(chart.bars, [](const ShareBar& bar) { return bar.negative_share > 0; });
}

bool has_null_share(const ShareChart& chart) {
  return std::ranges::any_of(chart.bars, [](const ShareBar& bar) { return std::isfinite(bar.null_share); });
}

Box draw_share_chart(Canvas& canvas, Box area, const ShareChart& chart) {
  const double size = chart.text_size;
  const Range range = range_of(chart);
  const Ticks ticks = ticks_around(range.low, range.high, std::max(2, static_cast<int>(area.height / 60)));
  const TextStyle title{.size = size, .color = ink::kQuiet, .align = Align::kCentre};
  double widest = 0;
  for (int i = 0; i < ticks.count; ++i) {
    widest = std::max(widest, canvas.text_width(tick_label(ticks.at(i), ticks.decimals), title));
  }
  const double left = std::ceil(widest + 2 * size + 14);
  const bool has_even = chart.even_share > 0;
  const double right = has_even ? std::ceil(canvas.text_width(even_label(chart.even_share), title) + 12) : 4;
  const bool two_lines = std::any_of(chart.labels.begin(), chart.labels.end(),
                                     [](const auto& label) { return !label.second_line.empty(); });
  const double below = std::ceil((two_lines ? 3 : 2) * size + 20);
  const Box plot{area.x + left, area.y + size / 2, area.width - left - right, area.height - below - size / 2};
  const Axis axis{.plot = plot, .bottom = ticks.first, .top = ticks.last()};

  draw_bands(canvas, plot, chart);
  draw_vertical_axis(canvas, axis, ticks, size);
  draw_bars(canvas, axis, chart);
  draw_null_shares(canvas, axis, chart);
  if (has_even) draw_even_share(canvas, axis, chart);
  canvas.line({plot.x, axis.whole_y(0)}, {plot.right(), axis.whole_y(0)}, ink::kFrame);
  draw_labels(canvas, plot, chart);
  const char* quantity =
      chart.share_of == ShareOf::kAbsoluteRelevance ? "share of |relevance|" : "share of relevance";
  canvas.upward_text({area.x + size / 2 + 2, plot.y + plot.height / 2}, quantity, title, plot.height + size);
  canvas.text({plot.x + plot.width / 2, area.bottom() - 4}, chart.x_title, title, plot.width);
  return plot;
}

}  // namespace relevid::report

namespace relevid {

std::string border_name(int64_t border_frames) {
  return border_frames == 1 ? "the first and the last frame"
                            : fmt::format("the first and last {} frames", border_frames);
}

}  // namespace relevid
