// SPDX-License-Identifier: Apache-2.0
#include "report/conservation_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/plot.h"

namespace relevid::report {
namespace {

constexpr double kTextSize = 13;
constexpr double kLegendHeight = 30;
constexpr double kBelow = 48;  // layer numbers and the axis' title
constexpr double kBarWidth = 0.8;

struct Part {
  double FigureLayer::*share;
  const char* name;
  Ink ink;
};

constexpr Part kParts[] = {{&FigureLayer::goes_on, "goes on", ink::kBarLight},
                           {&FigureLayer::absorbed_by_bias, "absorbed by bias", {0xd08a3e}},
                           {&FigureLayer::absorbed_by_epsilon, "absorbed by ε", {0x6f9bc4}},
                           {&FigureLayer::dropped, "dropped", {0xa9485c}}};

void draw_legend(Canvas& canvas, Point at) {
  constexpr double kSwatch = 13;
  for (const Part& part : kParts) {
    canvas.fill({at.x, at.y, kSwatch, kSwatch}, part.ink);
    const double width = canvas.text({at.x + kSwatch + 6, at.y + kSwatch - 1}, part.name,
                                     {.size = kTextSize, .color = ink::kQuiet});
    at.x += kSwatch + 6 + width + 22;
  }
}

/// A sum that passes 100 % by rounding alone makes the axis no longer.
double without_rounding(double share) {
  return std::round(share * 1e4) / 1e4;
}

ValueRange range_of(std::span<const FigureLayer> layers) {
  ValueRange range;
  range.add(0);
  range.add(1);
  for (const FigureLayer& layer : layers) {
    double above = 0, below = 0;
    for (const Part& part : kParts) {
      const double share = layer.*part.share;
      (share > 0 ? above : below) += share;
    }
    range.add(without_rounding(above));
    range.add(without_rounding(below));
  }
  return range;
}

/// Away from zero, to either side.
void draw_stack(Canvas& canvas, const Plot& plot, double centre, double width, const FigureLayer& layer) {
  double above = 0, below = 0;
  for (const Part& part : kParts) {
    const double share = layer.*part.share;
    double& end = share > 0 ? above : below;
    const double from = plot.y(end), to = plot.y(end + share);
    canvas.fill({plot.x(centre) - width / 2, std::min(from, to), width, std::fabs(to - from)}, part.ink);
    end += share;
  }
}

}  // namespace

void draw_conservation_chart(Canvas& canvas, Box area, std::span<const FigureLayer> layers) {
  const ValueRange range = range_of(layers);
  Plot plot(canvas, {area.x, area.y + kLegendHeight, area.width, area.height - kLegendHeight - kBelow},
            range.ticks(5), 100, kTextSize);
  draw_legend(canvas, {plot.box().x, area.y});
  const double slot = 1 / static_cast<double>(layers.size());
  const double width = kBarWidth * slot * plot.box().width;
  const auto every = static_cast<size_t>(std::ceil(26 / (slot * plot.box().width)));
  for (size_t i = 0; i < layers.size(); ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * slot;
    draw_stack(canvas, plot, centre, width, layers[i]);
    if (i % every == 0) plot.labels(centre, {fmt::format("{}", i + 1)}, ink::kQuiet, Weight::kRegular, 60);
  }
  plot.level(0, ink::kFrame);
  canvas.text({plot.x(0.5), area.bottom() - 4}, "layer, from the output to the frames",
              {.size = kTextSize, .color = ink::kQuiet, .align = Align::kCentre});
}

}  // namespace relevid::report
