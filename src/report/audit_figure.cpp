// SPDX-License-Identifier: Apache-2.0
#include "report/audit_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "relevid/figures.h"
#include "report/plot.h"

namespace relevid::report {
namespace {

constexpr double kMargin = 56;
constexpr double kInner = static_cast<double>(kFigureWidth) - 2 * kMargin;
constexpr double kRight = kMargin + kInner;
constexpr double kTextSize = 13;
constexpr int64_t kMostColumns = 4;
constexpr int64_t kMostFrameLabels = 6;
constexpr double kPanelGap = 28;
constexpr double kPanelHeight = 236;
constexpr double kPlotHeight = 250;
constexpr double kLevelLabels = 130;  // right of a plot
constexpr Ink kShade{0xd9c48a, 0.28};
constexpr Ink kMean{0x3f6fa8};  // told from the black of what the architecture alone gives
constexpr Ink kBandInk{0x3f6fa8, 0.25};
constexpr TextStyle kSmall{.size = kTextSize, .color = ink::kQuiet};

using Role = FigureInterval::Role;

bool is_advised(Role role) {
  return role == Role::kAdvised || role == Role::kBaseAndAdvised;
}

std::string name(Role role) {
  switch (role) {
    case Role::kOther:
      return "";
    case Role::kBase:
      return "base";
    case Role::kAdvised:
      return "recommended";
    case Role::kBaseAndAdvised:
      return "base, recommended";
  }
  return "";
}

/// Ink of an interval's numbers: those from few videos are pale.
Ink ink_of(const FigureInterval& interval) {
  if (!interval.reliable) return ink::kBarLight;
  return is_advised(interval.role) ? ink::kAccent : kMean;
}

/// Draws from the top down; y_ is where the next thing begins.
class FigureDrawing {
 public:
  FigureDrawing(Canvas& canvas, const AuditFigure& figure) : canvas_(canvas), figure_(figure) {}

  /// Returns the height.
  double draw() {
    draw_header();
    draw_statements();
    draw_profiles();
    draw_intervals();
    draw_controls();
    canvas_.text({kMargin, y_ + 18}, figure_.note, {.size = 12, .color = ink::kQuiet}, kInner);
    return y_ + 42;
  }

 private:
  void draw_header();
  void draw_statements();
  void draw_section(std::string_view title, std::string_view detail);
  void draw_profiles();
  void draw_panel(const FigureInterval& interval, Box area, const Ticks& ticks);
  void draw_intervals();
  void draw_interval_plot(Box area, Interval FigureInterval::*number, double factor);
  void draw_levels(Plot& plot);
  void draw_controls();

  Canvas& canvas_;
  const AuditFigure& figure_;
  double y_ = 0;
};

void FigureDrawing::draw_header() {
  constexpr double kTerm = 110;
  canvas_.text({kMargin, 66}, figure_.title, {.size = 26, .weight = Weight::kBold, .elide = Elide::kMiddle},
               kInner);
  y_ = 102;
  for (const auto& [term, value] : figure_.facts) {
    canvas_.text({kMargin, y_}, term, {.size = 14, .color = ink::kQuiet});
    canvas_.text({kMargin + kTerm, y_}, value, {.size = 15}, kInner - kTerm);
    y_ += 25;
  }
  for (const std::string& warning : figure_.warnings) {
    const TextStyle style{.size = 15, .color = ink::kAccent, .weight = Weight::kBold};
    y_ = canvas_.paragraph({kMargin, y_}, warning, style, kInner);
  }
  canvas_.line({kMargin, y_ - 5.5}, {kRight, y_ - 5.5}, ink::kRule);
}

void FigureDrawing::draw_statements() {
  constexpr double kHeading = 190;
  const TextStyle text{.size = 17};
  y_ += 30;
  for (const auto& [heading, statement] :
       {std::pair{"Verdict", &figure_.verdict}, std::pair{"Recommendation", &figure_.recommendation}}) {
    canvas_.text({kMargin, y_}, heading, {.size = 18, .weight = Weight::kBold});
    y_ = canvas_.paragraph({kMargin + kHeading, y_}, *statement, text, kInner - kHeading) + 10;
  }
}

void FigureDrawing::draw_section(std::string_view title, std::string_view detail) {
  y_ += 34;
  const double width = canvas_.text({kMargin, y_}, title, {.size = 18, .weight = Weight::kBold});
  canvas_.text({kMargin + width + 14, y_}, detail, kSmall, kInner - width - 14);
  y_ += 14;
}

void FigureDrawing::draw_profiles() {
  draw_section(
      "Share of relevance per frame",
      fmt::format("mean over videos and 95 % band, in %; {}dashed: an even share; shaded: the first "
                  "and last {}",
                  figure_.null_shares.empty() ? "" : "thin black: what the architecture alone gives; ",
                  figure_.border_frames == 1 ? "frame" : fmt::format("{} frames", figure_.border_frames)));
  ValueRange range;
  range.add(0);
  for (const FigureInterval& interval : figure_.intervals)
    for (const Interval& share : interval.shares) range.add(share);
  for (const double share : figure_.null_shares) range.add(share);
  const Ticks ticks = range.ticks(4);
  const auto count = std::ssize(figure_.intervals);
  const int64_t columns = std::clamp<int64_t>(count, 2, kMostColumns);
  const double width = (kInner - static_cast<double>(columns - 1) * kPanelGap) / static_cast<double>(columns);
  for (int64_t i = 0; i < count; ++i) {
    const double x = kMargin + static_cast<double>(i % columns) * (width + kPanelGap);
    const double y = y_ + static_cast<double>(i / columns) * kPanelHeight;
    draw_panel(figure_.intervals[static_cast<size_t>(i)], {x, y, width, kPanelHeight}, ticks);
  }
  y_ += static_cast<double>((count + columns - 1) / columns) * kPanelHeight;
}

void FigureDrawing::draw_panel(const FigureInterval& interval, Box area, const Ticks& ticks) {
  const std::string rate = interval.rate.empty() ? "" : fmt::format(" ({} frames/s)", interval.rate);
  const std::string role = name(interval.role);
  const double width = canvas_.text({area.x, area.y + 20}, fmt::format("interval {}", interval.interval),
                                    {.size = 14, .weight = Weight::kBold});
  const double role_width = canvas_.text({area.right(), area.y + 20}, role,
                                         {.size = kTextSize,
                                          .color = is_advised(interval.role) ? ink::kAccent : ink::kQuiet,
                                          .align = Align::kRight});
  canvas_.text({area.x + width + 6, area.y + 20},
               fmt::format("{}{}{}", rate, rate.empty() ? "" : ", ",
                           interval.videos == 1 ? "1 video" : fmt::format("{} videos", interval.videos)),
               kSmall, area.width - width - role_width - 14);
  const auto frames = std::ssize(interval.shares);
  if (frames == 0) {
    canvas_.text({area.x, area.y + 60}, "no video has relevance here", kSmall, area.width);
    return;
  }
  Plot plot(canvas_, {area.x, area.y + 34, area.width, area.height - 84}, ticks, 100, kTextSize);
  const double edge = static_cast<double>(figure_.border_frames) / static_cast<double>(frames);
  const Box& box = plot.box();
  canvas_.fill({box.x, box.y, edge * box.width, box.height}, kShade);
  canvas_.fill({box.x + (1 - edge) * box.width, box.y, edge * box.width, box.height}, kShade);
  std::vector<double> places, means;
  for (int64_t t = 0; t < frames; ++t) {
    places.push_back((static_cast<double>(t) + 0.5) / static_cast<double>(frames));
    means.push_back(interval.shares[static_cast<size_t>(t)].value);
  }
  plot.level(1 / static_cast<double>(frames), ink::kFrame);
  plot.band(places, interval.shares, kBandInk);
  plot.line(places, means, ink_of(interval), 3);
  if (std::ssize(figure_.null_shares) == frames) plot.line(places, figure_.null_shares, ink::kText, 1);
  const int64_t step = std::max<int64_t>(1, (frames + kMostFrameLabels - 1) / kMostFrameLabels);
  for (int64_t t = 0; t < frames; t += step)
    plot.labels(places[static_cast<size_t>(t)], {fmt::format("{}", t)}, ink::kQuiet, Weight::kRegular, 60);
  canvas_.text({box.x + box.width / 2, area.bottom() - 14}, "frame of the clip",
               {.size = kTextSize, .color = ink::kQuiet, .align = Align::kCentre});
}

void FigureDrawing::draw_intervals() {
  draw_section("Over frame intervals", "means with 95 % intervals over videos");
  const double width = (kInner - kPanelGap) / 2;
  const double left = kMargin, right = kMargin + width + kPanelGap;
  canvas_.text(
      {left, y_ + 20},
      fmt::format("border ratio: relevance of the first and last {}, over an even share",
                  figure_.border_frames == 1 ? "frame" : fmt::format("{} frames", figure_.border_frames)),
      {.size = 14}, width);
  canvas_.text({right, y_ + 20},
               fmt::format("top 1 accuracy in %, on the same {} labelled videos", figure_.accuracy_videos),
               {.size = 14}, width);
  draw_interval_plot({left, y_ + 36, width - kLevelLabels, kPlotHeight}, &FigureInterval::border_ratio, 1);
  if (figure_.accuracy_videos > 0) {
    draw_interval_plot({right, y_ + 36, width, kPlotHeight}, &FigureInterval::accuracy, 100);
  } else {
    canvas_.text({right, y_ + 60}, "no video that was used has a label", kSmall);
  }
  y_ += 36 + kPlotHeight + 78;
}

void FigureDrawing::draw_interval_plot(Box area, Interval FigureInterval::*number, double factor) {
  const bool is_ratio = number == &FigureInterval::border_ratio;
  ValueRange range;
  for (const FigureInterval& interval : figure_.intervals) range.add(interval.*number);
  if (is_ratio) {
    range.add(1);
    range.add(figure_.null_ratio);
  }
  Plot plot(canvas_, area, range.ticks(5), factor, kTextSize);
  if (is_ratio) draw_levels(plot);
  const double slot = 1 / static_cast<double>(figure_.intervals.size());
  for (size_t i = 0; i < figure_.intervals.size(); ++i) {
    const FigureInterval& interval = figure_.intervals[i];
    const double place = (static_cast<double>(i) + 0.5) * slot;
    plot.dot(place, interval.*number, ink_of(interval));
    std::vector<std::string> lines = {fmt::format("{}", interval.interval)};
    if (interval.videos == 0) lines.emplace_back("no video");
    if (!interval.rate.empty()) lines.push_back(fmt::format("({}/s)", interval.rate));
    if (interval.role != Role::kOther) lines.push_back(name(interval.role));
    plot.labels(place, lines, is_advised(interval.role) ? ink::kAccent : ink::kQuiet,
                is_advised(interval.role) ? Weight::kBold : Weight::kRegular, slot * plot.box().width - 4);
  }
}

/// Even, and what the architecture alone gives; labels that would touch are moved apart.
void FigureDrawing::draw_levels(Plot& plot) {
  constexpr double kApart = kTextSize + 3;
  const bool has_null = std::isfinite(figure_.null_ratio);
  double even_y = plot.y(1), null_y = has_null ? plot.y(figure_.null_ratio) : 0;
  plot.level(1, ink::kFrame);
  if (has_null) plot.level(figure_.null_ratio, ink::kText);
  if (has_null && std::fabs(even_y - null_y) < kApart) {
    const double middle = (even_y + null_y) / 2, down = null_y >= even_y ? 0.5 : -0.5;
    even_y = middle - down * kApart;
    null_y = middle + down * kApart;
  }
  const double x = plot.box().right() + 8;
  canvas_.text({x, even_y + 5}, "even", kSmall);
  if (has_null) canvas_.text({x, null_y + 5}, "architecture alone", {.size = kTextSize});
}

void FigureDrawing::draw_controls() {
  if (figure_.controls.empty()) return;
  constexpr double kNames = 210, kAxis = 330, kRow = 38;
  draw_section("Controls",
               "their border ratio over that of the real clips at the base interval; 1: the same");
  ValueRange range;
  range.add(1);
  for (const FigureControl& control : figure_.controls) range.add(control.relative);
  const Ticks ticks = range.ticks(4);
  const double text_x = kMargin + kNames + kAxis + 40;
  const auto x = [&](double value) {
    return kMargin + kNames + (value - ticks.first) / (ticks.last() - ticks.first) * kAxis;
  };
  const double top = y_ + 24;
  y_ = top + 26;
  for (const FigureControl& control : figure_.controls) {
    canvas_.text({kMargin, y_}, control.name, {.size = 15}, kNames - 16);
    if (std::isfinite(control.relative.value)) {
      const double middle = std::round(y_ - 5) + 0.5;
      if (control.relative.low <= control.relative.high)
        canvas_.line({x(control.relative.low), middle}, {x(control.relative.high), middle}, kMean, 2);
      canvas_.disc({x(control.relative.value), middle}, 4.5, kMean);
    }
    double below = y_;
    for (const std::string& sentence : control.sentences)
      below = canvas_.paragraph({text_x, below}, sentence, {.size = 14}, kRight - text_x);
    y_ = std::max(y_ + kRow, below + 12);
  }
  for (int i = 0; i < ticks.count; ++i) {
    const double at = std::round(x(ticks.at(i))) + 0.5;
    canvas_.text({at, top}, tick_label(ticks.at(i), ticks.decimals),
                 {.size = kTextSize, .color = ink::kQuiet, .align = Align::kCentre});
    canvas_.line({at, top + 6}, {at, y_ - 20}, {ink::kFrame.rgb, 0.35});
  }
  canvas_.dashed_line({std::round(x(1)) + 0.5, top + 6}, {std::round(x(1)) + 0.5, y_ - 20}, ink::kText);
}

/// Measured on a canvas of one pixel first, beyond which nothing is drawn.
Canvas drawn(const AuditFigure& figure) {
  Canvas measure(1, 1);
  const double height = FigureDrawing(measure, figure).draw();
  Canvas canvas(kFigureWidth, static_cast<int64_t>(std::ceil(height)));
  FigureDrawing(canvas, figure).draw();
  return canvas;
}

}  // namespace

Picture render_audit_figure(const AuditFigure& figure) {
  return drawn(figure).to_picture();
}

void draw_audit_figure(const std::filesystem::path& path, const AuditFigure& figure) {
  write_file_atomically(path, drawn(figure).to_png());
}

}  // namespace relevid::report
