// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/atomic_file.h"
#include "relevid/error.h"
#include "relevid/figures.h"
#include "report/canvas.h"
#include "report/charts.h"
#include "report/checks.h"
#include "report/conservation_chart.h"
#include "report/text.h"

namespace relevid {
namespace {

using namespace report;

constexpr double kMargin = 56;
constexpr double kInnerWidth = static_cast<double>(kFigureWidth) - 2 * kMargin;
constexpr size_t kTopPredictions = 5;
constexpr double kHeaderHeight = 196;
constexpr double kSectionHeight = 62;
constexpr double kChartHeight = 300;
constexpr double kAccountsHeight = 260;
constexpr double kNoteHeight = 24;  // a line of text in or above a chart's place
constexpr double kCaptionSize = 13;

/// Where the clip's frames go.
struct Grid {
  int64_t columns = 0, rows = 0;
  PixelSize picture = {};
  PixelSize pitch = {};  ///< from one frame to the next
  int64_t caption_lines = 1;
};

constexpr int64_t kGap = 8;
constexpr int64_t kRowGap = 18;
constexpr int64_t kCaptionLine = 18;
constexpr int64_t kGridHeight = 1200;  // aimed at, passed where frames would become too small
constexpr int64_t kFewestColumns = 6;
constexpr int64_t kMostColumns = 16;
constexpr int64_t kLargestPicture = 420;
constexpr int64_t kSmallestColumn = 76;     // holds a time such as "3600.00 s"
constexpr int64_t kTwoCaptionColumn = 150;  // holds a frame number and a time in one line

Grid grid_of(int64_t frames, int64_t columns, double aspect) {
  Grid grid{.columns = columns, .rows = (frames + columns - 1) / columns};
  const int64_t column = (static_cast<int64_t>(kInnerWidth) - (columns - 1) * kGap) / columns;
  grid.caption_lines = column >= kTwoCaptionColumn ? 1 : 2;
  const int64_t captions = grid.caption_lines * kCaptionLine + kRowGap;
  const double tallest =
      std::max<double>(static_cast<double>(kGridHeight / grid.rows - captions) / 2, kSmallestColumn);
  const double widest = static_cast<double>(std::min(column, kLargestPicture));
  const double width = std::min({widest, tallest * aspect, static_cast<double>(kLargestPicture) * aspect});
  grid.picture.width = std::max<int64_t>(1, std::llround(width));
  grid.picture.height = std::max<int64_t>(1, std::llround(width / aspect));
  const int64_t cell = std::max(grid.picture.width, kSmallestColumn);
  const int64_t justified = (static_cast<int64_t>(kInnerWidth) - cell) / std::max<int64_t>(columns - 1, 1);
  grid.pitch.width = columns < kFewestColumns ? std::min(column, cell) + kGap : justified;
  grid.pitch.height = 2 * grid.picture.height + 2 + captions;
  return grid;
}

/// The grid with the widest pictures; one that is not too tall and whose last row is full is preferred.
Grid choose_grid(int64_t frames, double aspect) {
  Grid best;
  double best_score = 0;
  for (int64_t columns = std::min(frames, kFewestColumns); columns <= std::min(frames, kMostColumns);
       ++columns) {
    const Grid grid = grid_of(frames, columns, aspect);
    const double fullness = frames % columns == 0 ? 1 : 0.7;
    const double fit = grid.rows * grid.pitch.height <= kGridHeight + kRowGap ? 1 : 0.5;
    const double score = static_cast<double>(grid.picture.width) * fullness * fit;
    if (score >= best_score) {
      best_score = score;
      best = grid;
    }
  }
  return best;
}

void require_valid_contents(const FigureContents& contents) {
  const auto count = std::ssize(contents.frames);
  if (count < 1 || count > kMaxFigureFrames) {
    throw Error(ErrorKind::kInvalidArgument,
                fmt::format("a figure holds 1 to {} frames, not {}", kMaxFigureFrames, count));
  }
  require_match(contents.colors, contents.scale);
  require_valid_even_share(contents.even_share);
  const auto& first = contents.frames.front().picture;
  for (const auto& frame : contents.frames) {
    const std::string where = fmt::format("figure, source frame {}", frame.source_index);
    require_valid(frame.picture, where);
    require_valid(frame.relevance, where);
    if (frame.picture.width != first.width || frame.picture.height != first.height) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("{}: its picture is {}x{}, the first frame's {}x{}; a figure needs one size",
                              where, frame.picture.width, frame.picture.height, first.width, first.height));
    }
    require_valid(ShareBar{0, frame.share, frame.negative_share}, where);
    if (!std::isfinite(frame.pts_seconds)) {
      throw Error(ErrorKind::kInvalidArgument,
                  fmt::format("{}: its time is {} s, which is not finite", where, frame.pts_seconds));
    }
  }
  for (size_t i = 0; i < contents.layers.size(); ++i) {
    const FigureLayer& layer = contents.layers[i];
    for (const double part :
         {layer.goes_on, layer.absorbed_by_bias, layer.absorbed_by_epsilon, layer.dropped}) {
      if (std::isfinite(part)) continue;
      throw Error(
          ErrorKind::kInvalidArgument,
          fmt::format("figure, layer {}: a part of its relevance is {}, which is not finite", i + 1, part));
    }
  }
}

void draw_fact(Canvas& canvas, double y, std::string_view term, std::string_view value, Weight weight) {
  constexpr double kValueLeft = kMargin + 110;
  constexpr double kValueWidth = 640;
  canvas.text({kMargin, y}, term, {.size = 14, .color = ink::kQuiet});
  canvas.text({kValueLeft, y}, value, {.size = 16, .weight = weight}, kValueWidth);
}

/// The label is elided on its own, so that the probability after it always stays.
void draw_prediction(Canvas& canvas, double y, const ClassProbability& prediction) {
  constexpr double kValueLeft = kMargin + 110;
  canvas.text({kMargin, y}, "Prediction", {.size = 14, .color = ink::kQuiet});
  const double width =
      canvas.text({kValueLeft, y}, prediction.label, {.size = 16, .weight = Weight::kBold}, 560);
  canvas.text({kValueLeft + width + 12, y}, percent(prediction.probability), {.size = 16});
}

void draw_top_predictions(Canvas& canvas, double top, const FigureContents& contents) {
  constexpr double kPitch = 25;
  constexpr double kBarLeft = kFigureWidth - kMargin - 300;
  constexpr double kBarWidth = 230;
  const size_t count = std::min(contents.predictions.size(), kTopPredictions);
  for (size_t i = 0; i < count; ++i) {
    const auto& [label, probability] = contents.predictions[i];
    const double y = top + kPitch * static_cast<double>(i);
    const bool explained = label == contents.target;
    const double part = std::isfinite(probability) ? std::clamp(probability, 0.0, 1.0) : 0;
    canvas.text({kBarLeft - 12, y + 13}, label,
                {.size = 14, .weight = explained ? Weight::kBold : Weight::kRegular, .align = Align::kRight},
                300);
    canvas.fill({kBarLeft, y, kBarWidth, 16}, {0xeff1f4});
    canvas.fill({kBarLeft, y, std::max(1.0, std::round(kBarWidth * part)), 16},
                explained ? ink::kAccent : ink::kBar);
    canvas.text({kFigureWidth - kMargin, y + 13}, percent(probability),
                {.size = 14, .color = ink::kQuiet, .align = Align::kRight});
  }
}

void draw_header(Canvas& canvas, const FigureContents& contents) {
  canvas.text({kMargin, 66}, contents.title, {.size = 26, .weight = Weight::kBold, .elide = Elide::kMiddle},
              760);
  if (!contents.predictions.empty()) draw_prediction(canvas, 108, contents.predictions.front());
  draw_fact(canvas, 136, "Explained", contents.target, Weight::kBold);
  draw_fact(canvas, 164, "Method", contents.method, Weight::kRegular);
  draw_top_predictions(canvas, 46, contents);
  canvas.line({kMargin, kHeaderHeight - 5.5}, {kFigureWidth - kMargin, kHeaderHeight - 5.5}, ink::kRule);
}

/// `reserved`: width at the right that something else takes.
void draw_section_title(Canvas& canvas, double y, std::string_view title, std::string_view detail,
                        double reserved = 0) {
  const double width = canvas.text({kMargin, y + 26}, title, {.size = 18, .weight = Weight::kBold});
  canvas.text({kMargin + width + 14, y + 26}, detail, {.size = kCaptionSize, .color = ink::kQuiet},
              kInnerWidth - width - 14 - reserved);
}

void draw_map_section_title(Canvas& canvas, double y, const FigureContents& contents) {
  const bool overlay = contents.style == MapStyle::kOverlay;
  draw_section_title(canvas, y, "Relevance per pixel",
                     fmt::format("each frame above its {}; one scale for the clip, {}",
                                 overlay ? "overlay" : "heat map", scale_caption(contents.scale)),
                     426);
  const Box bar{kFigureWidth - kMargin - 356, y + 8, 320, 16};
  draw_color_bar(canvas, bar, Direction::kRightwards, contents.colors, contents.scale, contents.style);
  canvas.text({bar.x - 36, bar.y + 13}, "R " + format_for(contents.scale.limit).factor(),
              {.size = 14, .color = ink::kQuiet, .align = Align::kRight});
}

Picture map_picture(const FigureFrame& frame, const FigureContents& contents, const Picture& thumbnail) {
  if (contents.style == MapStyle::kOverlay) {
    return render_overlay(view(thumbnail), frame.relevance, contents.colors, contents.scale);
  }
  const auto values = resize_map(frame.relevance, thumbnail.width, thumbnail.height);
  return render_heatmap({thumbnail.width, thumbnail.height, values}, contents.colors, contents.scale);
}

void draw_caption(Canvas& canvas, const FigureFrame& frame, const Grid& grid, double x, double y) {
  const double width = static_cast<double>(std::max(grid.picture.width, kSmallestColumn));
  const TextStyle number_style{.size = kCaptionSize};
  const TextStyle time_style{.size = kCaptionSize, .color = ink::kQuiet};
  const std::string time = fmt::format("{:.2f} s", frame.pts_seconds);
  const std::string index = fmt::format("{}", frame.source_index);
  if (grid.caption_lines == 2) {
    canvas.text({x, y}, index, number_style, width);
    canvas.text({x, y + kCaptionLine}, time, time_style, width);
    return;
  }
  const double used = canvas.text({x, y}, index, number_style, width);
  canvas.text({x + used + 8, y}, time, time_style, width - used - 8);
}

void draw_cell(Canvas& canvas, const FigureContents& contents, size_t i, const Grid& grid, int64_t top) {
  const auto& frame = contents.frames[i];
  const auto place = static_cast<int64_t>(i);
  const int64_t x = static_cast<int64_t>(kMargin) + place % grid.columns * grid.pitch.width;
  const int64_t y = top + place / grid.columns * grid.pitch.height;
  const int64_t picture_y = y + grid.caption_lines * kCaptionLine;
  draw_caption(canvas, frame, grid, static_cast<double>(x), static_cast<double>(y) + 13);
  const Picture thumbnail = resize_picture(frame.picture, grid.picture.width, grid.picture.height);
  canvas.picture(thumbnail, x, picture_y);
  canvas.picture(map_picture(frame, contents, thumbnail), x, picture_y + grid.picture.height + 2);
}

AxisLabel frame_label(const FigureFrame& frame, double centre) {
  return {.centre = centre,
          .first_line = fmt::format("{}", frame.source_index),
          .second_line = fmt::format("({:.2f})", frame.pts_seconds)};
}

bool has_relevance(const FigureContents& contents) {
  return std::ranges::any_of(contents.frames, [](const FigureFrame& frame) { return frame.share != 0; });
}

/// Under the section's title: the chart, or a line in its place, below the line about repeated frames.
double curve_height(const FigureContents& contents) {
  const double lines = contents.repeated.empty() ? 0 : kNoteHeight;
  return lines + (has_relevance(contents) ? kChartHeight : kNoteHeight);
}

ShareChart share_chart(const FigureContents& contents) {
  const double slot = 1.0 / static_cast<double>(contents.frames.size());
  ShareChart chart{.bars = {},
                   .bar_width = 0.72 * slot,
                   .share_of = contents.share_of,
                   .even_share = contents.even_share,
                   .bands = {},
                   .labels = {},
                   .x_title = "frame (time s)",
                   .text_size = kCaptionSize};
  for (size_t i = 0; i < contents.frames.size(); ++i) {
    const auto& frame = contents.frames[i];
    const double centre = (static_cast<double>(i) + 0.5) * slot;
    chart.bars.push_back({.centre = centre,
                          .share = frame.share,
                          .negative_share = frame.negative_share,
                          .null_share = frame.null_share,
                          .at_border = frame.at_border});
    chart.labels.push_back(frame_label(frame, centre));
  }
  chart.bands = border_bands(chart.bars, slot);
  return chart;
}

void draw_curve(Canvas& canvas, const FigureContents& contents, double top) {
  const ShareChart chart = share_chart(contents);
  const TextStyle quiet{.size = kCaptionSize, .color = ink::kQuiet};
  std::string detail;
  if (!chart.bands.empty())
    detail = fmt::format("shaded: {} of a clip. ", border_name(contents.border_frames));
  if (has_negative_part(chart)) detail += "Light: the part of negative relevance. ";
  if (has_null_share(chart)) detail += "Thin line: what the architecture alone gives.";
  draw_section_title(canvas, top, "Relevance per frame", has_relevance(contents) ? detail : "");
  double below = top + kSectionHeight - 16;
  if (!contents.repeated.empty()) {
    canvas.text({kMargin, below}, contents.repeated, quiet, kInnerWidth);
    below += kNoteHeight;
  }
  if (has_relevance(contents))
    draw_share_chart(canvas, {kMargin, below, kInnerWidth, kChartHeight}, chart);
  else
    canvas.text({kMargin, below}, "No relevance reaches the frames.", quiet, kInnerWidth);
}

void draw_accounts(Canvas& canvas, const FigureContents& contents, double top) {
  draw_section_title(
      canvas, top, "Conservation, layer by layer",
      "in % of the relevance at the start: what goes on after each layer, and what was lost up to it");
  draw_conservation_chart(canvas, {kMargin, top + kSectionHeight - 12, kInnerWidth, kAccountsHeight},
                          contents.layers);
}

Canvas draw_figure(const FigureContents& contents) {
  require_valid_contents(contents);
  const auto& first = contents.frames.front().picture;
  const double aspect = static_cast<double>(first.width) / static_cast<double>(first.height);
  const Grid grid = choose_grid(std::ssize(contents.frames), aspect);

  const double grid_top = kHeaderHeight + kSectionHeight;
  const double curve_top = grid_top + static_cast<double>(grid.rows * grid.pitch.height);
  const double accounts_top = curve_top + kSectionHeight + curve_height(contents);
  const double note_top = accounts_top + (contents.layers.empty() ? 0 : kSectionHeight + kAccountsHeight);
  const double height = note_top + (contents.note.empty() ? 24 : 46);

  Canvas canvas(kFigureWidth, static_cast<int64_t>(std::ceil(height)));
  draw_header(canvas, contents);
  draw_map_section_title(canvas, kHeaderHeight, contents);
  for (size_t i = 0; i < contents.frames.size(); ++i) {
    draw_cell(canvas, contents, i, grid, static_cast<int64_t>(grid_top));
  }
  draw_curve(canvas, contents, curve_top);
  if (!contents.layers.empty()) draw_accounts(canvas, contents, accounts_top);
  canvas.text({kMargin, height - 24}, contents.note, {.size = 12, .color = ink::kQuiet}, kInnerWidth);
  return canvas;
}

}  // namespace

Picture render_explanation_figure(const FigureContents& contents) {
  return draw_figure(contents).to_picture();
}

void draw_explanation_figure(const std::filesystem::path& path, const FigureContents& contents) {
  write_file_atomically(path, draw_figure(contents).to_png());
}

}  // namespace relevid
