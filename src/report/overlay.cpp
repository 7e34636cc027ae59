// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "relevid/error.h"
#include "relevid/figures.h"
#include "report/canvas.h"
#include "report/charts.h"
#include "report/checks.h"
#include "report/text.h"

namespace relevid {
namespace {

using namespace report;

constexpr int64_t kMargin = 28;
constexpr int64_t kPanelGap = 16;
constexpr int64_t kHeaderHeight = 92;
constexpr int64_t kPanelCaption = 28;
constexpr int64_t kColorBar = 100;  // the bar, its numbers, and the space before it
constexpr int64_t kChartHeight = 190;
constexpr int64_t kNoteHeight = 28;  // a line of text in the chart's place
constexpr int64_t kWidest = 1280;
constexpr int64_t kNarrowest = 800;
constexpr int64_t kTallestPanel = 520;
constexpr double kLargestEnlargement = 3;
constexpr double kTextSize = 14;

struct Layout {
  PixelSize frame;
  PixelSize panel;
  int64_t panel_top = 0, chart_top = 0;
  int64_t source_left = 0, overlay_left = 0;
};

/// Whether there is anything to draw a curve of.
bool has_relevance(const OverlayContents& contents) {
  return std::ranges::any_of(
      contents.curve, [](const CurvePoint& point) { return !std::isnan(point.share) && point.share != 0; });
}

Layout layout_for(const OverlayContents& contents) {
  constexpr int64_t kBeside = 2 * kMargin + kPanelGap + kColorBar;
  const auto width = static_cast<double>(contents.source_width);
  const auto height = static_cast<double>(contents.source_height);
  const double factor =
      std::min({(kWidest - kBeside) / 2 / width, kTallestPanel / height, kLargestEnlargement});
  Layout layout;
  layout.panel.width = std::max<int64_t>(2, std::llround(width * factor));
  layout.panel.height = std::max<int64_t>(2, std::llround(height * factor));
  const int64_t panels = 2 * layout.panel.width + kBeside;
  layout.frame.width = std::max(panels, kNarrowest) / 2 * 2;
  layout.source_left = kMargin + (layout.frame.width - panels) / 2;
  layout.overlay_left = layout.source_left + layout.panel.width + kPanelGap;
  layout.panel_top = kHeaderHeight + kPanelCaption;
  layout.chart_top = layout.panel_top + layout.panel.height + 18;
  const int64_t chart = has_relevance(contents) ? kChartHeight : kNoteHeight;
  layout.frame.height = (layout.chart_top + chart + 16 + 1) / 2 * 2;
  return layout;
}

void require_valid_contents(const OverlayContents& contents) {
  require_match(contents.colors, contents.scale);
  require_valid_even_share(contents.even_share);
  if (contents.source_width < 1 || contents.source_height < 1) {
    throw Error(ErrorKind::kInvalidArgument, fmt::format("an overlay video of {}x{} pixels cannot be drawn",
                                                         contents.source_width, contents.source_height));
  }
  if (contents.curve.empty()) {
    throw Error(ErrorKind::kInvalidArgument,
                "an overlay video needs a curve with a point for every source frame");
  }
  for (size_t i = 0; i < contents.curve.size(); ++i) {
    const auto& [time, share, negative_share, null_share, at_border] = contents.curve[i];
    const std::string where = fmt::format("overlay video, source frame {}", i);
    if (!std::isfinite(time) || (i > 0 && time < contents.curve[i - 1].pts_seconds)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("{}: its time is {} s; times must be finite and ascend", where, time));
    }
    if (!std::isnan(share)) require_valid(ShareBar{0, share, negative_share}, where);
  }
}

/// The overlay video's time axis, with the place of a bar as its margin at either end.
struct TimeAxis {
  double begin = 0;
  double length = 1;
  double slot_seconds = 0;  ///< of a bar and the space beside it
  double bar_seconds = 0;
  double place(double seconds) const { return (seconds - begin) / length; }
};

/// The smallest distance between frames that have a share, so that no bar hides another, but no more than a
/// twentieth of the video.
double bar_spacing(const std::vector<CurvePoint>& curve) {
  const double whole = curve.back().pts_seconds - curve.front().pts_seconds;
  double spacing = whole > 0 ? whole / 20 : 1;
  double previous = std::numeric_limits<double>::quiet_NaN();
  for (const auto& point : curve) {
    if (std::isnan(point.share)) continue;
    const double distance = point.pts_seconds - previous;
    if (distance > 0) spacing = std::min(spacing, distance);
    previous = point.pts_seconds;
  }
  return spacing;
}

TimeAxis time_axis(const std::vector<CurvePoint>& curve) {
  const double first = curve.front().pts_seconds;
  const double last = curve.back().pts_seconds;
  const double spacing = bar_spacing(curve);
  return {.begin = first - spacing / 2,
          .length = last - first + spacing,
          .slot_seconds = spacing,
          .bar_seconds = 0.8 * spacing};
}

ShareChart curve_chart(const OverlayContents& contents, const TimeAxis& axis) {
  ShareChart chart;
  for (const auto& [time, share, negative_share, null_share, at_border] : contents.curve) {
    if (!std::isnan(share))
      chart.bars.push_back({axis.place(time), share, negative_share, null_share, at_border});
  }
  chart.bar_width = axis.bar_seconds / axis.length;
  chart.bands = border_bands(chart.bars, axis.slot_seconds / axis.length);
  chart.share_of = contents.share_of;
  chart.even_share = contents.even_share;
  const Ticks ticks = ticks_around(axis.begin, axis.begin + axis.length, 8);
  for (int i = 0; i < ticks.count; ++i) {
    const double place = axis.place(ticks.at(i));
    if (place >= 0 && place <= 1)
      chart.labels.push_back({place, tick_label(ticks.at(i), ticks.decimals), ""});
  }
  chart.x_title = "time (s)";
  if (!chart.bands.empty())
    chart.x_title += fmt::format("  ·  shaded: {} of a clip", border_name(contents.border_frames));
  if (has_negative_part(chart)) chart.x_title += "  ·  light: the part of negative relevance";
  if (has_null_share(chart)) chart.x_title += "  ·  thin lines: what the architecture alone gives";
  return chart;
}

}  // namespace

struct OverlayRenderer::Implementation {
  OverlayContents contents;
  Layout layout;
  TimeAxis axis;
  std::optional<Box> plot;  ///< of the curve
  std::vector<uint8_t> background;

  explicit Implementation(OverlayContents what) : contents(std::move(what)), layout(layout_for(contents)) {
    require_valid_contents(contents);
    axis = time_axis(contents.curve);
    draw_background();
  }

  void draw_background() {
    Canvas canvas(layout.frame.width, layout.frame.height);
    draw_header(canvas);
    const auto panel_top = static_cast<double>(layout.panel_top);
    draw_panel_captions(canvas);
    const Box bar{static_cast<double>(layout.overlay_left + layout.panel.width + 18), panel_top, 14,
                  static_cast<double>(layout.panel.height)};
    canvas.text({bar.x, panel_top - 12}, "R " + format_for(contents.scale.limit).factor(),
                {.size = kTextSize, .color = ink::kQuiet});
    draw_color_bar(canvas, bar, Direction::kUpwards, contents.colors, contents.scale, MapStyle::kOverlay);
    const Box chart{static_cast<double>(kMargin), static_cast<double>(layout.chart_top),
                    static_cast<double>(layout.frame.width - 2 * kMargin), static_cast<double>(kChartHeight)};
    if (has_relevance(contents))
      plot = draw_share_chart(canvas, chart, curve_chart(contents, axis));
    else
      canvas.text({chart.x, chart.y + 16}, "No relevance reaches the frames.",
                  {.size = kTextSize, .color = ink::kQuiet}, chart.width);
    background = canvas.pixels();
  }

  void draw_header(Canvas& canvas) const {
    const double room = static_cast<double>(layout.frame.width - 2 * kMargin);
    canvas.text({kMargin, 40}, contents.title, {.size = 20, .weight = Weight::kBold, .elide = Elide::kMiddle},
                room - kStatusWidth);
    const TextStyle quiet{.size = kTextSize, .color = ink::kQuiet};
    const std::string probability = percent(contents.prediction.probability);
    const bool same = contents.target == contents.prediction.label;
    const std::string about =
        same ? fmt::format("  ·  explained with {}", contents.method)
             : fmt::format("  ·  {}  ·  explained: {}", contents.method, contents.target);
    const double label = canvas.text({kMargin, 70}, contents.prediction.label,
                                     {.size = 16, .weight = Weight::kBold}, room * 0.45);
    const double value = canvas.text({kMargin + label + 10, 70}, probability, {.size = 16});
    canvas.text({kMargin + label + value + 14, 70}, about, quiet, room - label - value - 14);
  }

  void draw_panel_captions(Canvas& canvas) const {
    const TextStyle style{.size = kTextSize, .color = ink::kQuiet};
    const double y = static_cast<double>(layout.panel_top) - 12;
    const double room = static_cast<double>(layout.panel.width);
    const std::string scale = scale_caption(contents.scale);
    const std::string both = "relevance, " + scale;
    canvas.text({static_cast<double>(layout.source_left), y}, "source", style, room);
    canvas.text({static_cast<double>(layout.overlay_left), y},
                canvas.text_width(both, style) <= room ? both : scale, style, room);
  }

  void draw_status(Canvas& canvas, const Frame& frame, std::span<const float> relevance) const {
    const double share = contents.curve[static_cast<size_t>(frame.index)].share;
    const double right = static_cast<double>(layout.frame.width - kMargin);
    const std::string uncovered = relevance.empty() ? "in no clip" : "nearest frame's map";
    const std::string covered = std::isnan(share) ? uncovered : "share " + percent(share);
    canvas.text({right, 40},
                fmt::format("frame {}  ·  {:.2f} s  ·  {}", frame.index, frame.pts_seconds, covered),
                {.size = kTextSize, .align = Align::kRight}, kStatusWidth - 16);
  }

  void draw_mark(Canvas& canvas, const Frame& frame) const {
    if (!plot) return;
    const double place = axis.place(contents.curve[static_cast<size_t>(frame.index)].pts_seconds);
    const double x = plot->x + place * plot->width;
    canvas.line({x, plot->y - 2}, {x, plot->bottom()}, ink::kAccent, 2);
    canvas.triangle({x - 6, plot->y - 8}, {x + 6, plot->y - 8}, {x, plot->y}, ink::kAccent);
  }

  Picture overlay_panel(const Picture& small, std::span<const float> relevance) const {
    if (!relevance.empty()) {
      const MapView map{contents.source_width, contents.source_height, relevance};
      return render_overlay(view(small), map, contents.colors, contents.scale);
    }
    const std::vector<float> unseen(static_cast<size_t>(small.width * small.height), std::nanf(""));
    return render_overlay(view(small), {small.width, small.height, unseen}, contents.colors, contents.scale);
  }

  static constexpr double kStatusWidth = 420;
};

OverlayRenderer::OverlayRenderer(OverlayContents contents)
    : implementation_(std::make_unique<Implementation>(std::move(contents))) {}
OverlayRenderer::~OverlayRenderer() = default;
OverlayRenderer::OverlayRenderer(OverlayRenderer&&) noexcept = default;
OverlayRenderer& OverlayRenderer::operator=(OverlayRenderer&&) noexcept = default;

int64_t OverlayRenderer::width() const {
  return implementation_->layout.frame.width;
}
int64_t OverlayRenderer::height() const {
  return implementation_->layout.frame.height;
}

Picture OverlayRenderer::render(const Frame& frame, std::span<const float> relevance) const {
  const auto& [contents, layout, axis, plot, background] = *implementation_;
  const std::string where = fmt::format("overlay video, source frame {}", frame.index);
  if (frame.index < 0 || frame.index >= std::ssize(contents.curve)) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{}: the overlay video's curve has {} frames", where, contents.curve.size()));
  }
  if (frame.width != contents.source_width || frame.height != contents.source_height) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("{}: it is {}x{}, the source {}x{}", where, frame.width, frame.height,
                            contents.source_width, contents.source_height));
  }
  const PictureView source{frame.width, frame.height, frame.rgb};
  require_valid(source, where);
  if (!relevance.empty()) require_valid(MapView{frame.width, frame.height, relevance}, where);

  const Picture small = resize_picture(source, layout.panel.width, layout.panel.height);
  Canvas canvas(layout.frame.width, layout.frame.height, background);
  canvas.picture(small, layout.source_left, layout.panel_top);
  canvas.picture(implementation_->overlay_panel(small, relevance), layout.overlay_left, layout.panel_top);
  implementation_->draw_status(canvas, frame, relevance);
  implementation_->draw_mark(canvas, frame);
  return canvas.to_picture();
}

}  // namespace relevid
