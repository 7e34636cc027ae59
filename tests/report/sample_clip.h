// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "relevid/figures.h"

namespace relevid::testing {

/// A clip with its relevance, and the values that views into it need.
struct SampleClip {
  int64_t width = 0;
  int64_t height = 0;
  std::vector<std::vector<uint8_t>> frames;
  std::vector<std::vector<float>> relevance;
};

/// A bright disc that crosses a shaded background; relevance sits on it, positive ahead, negative behind (or
/// zero there for the unsigned kind), strongest at both ends of the clip.
inline SampleClip moving_disc(int64_t frames, int64_t width, int64_t height, RelevanceSign sign) {
  SampleClip clip{.width = width, .height = height, .frames = {}, .relevance = {}};
  const double radius = 0.12 * static_cast<double>(std::min(width, height));
  for (int64_t t = 0; t < frames; ++t) {
    const double progress = (static_cast<double>(t) + 0.5) / static_cast<double>(frames);
    const double centre_x = (0.1 + 0.8 * progress) * static_cast<double>(width);
    const double centre_y = 0.5 * static_cast<double>(height);
    const double strength = 0.3 + 0.7 * std::pow(std::abs(2 * progress - 1), 3);
    std::vector<uint8_t> rgb;
    std::vector<float> map;
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const double dx = static_cast<double>(x) - centre_x;
        const double dy = static_cast<double>(y) - centre_y;
        const double distance = std::hypot(dx, dy) / radius;
        const int shade = static_cast<int>(60 + 80 * static_cast<double>(y) / static_cast<double>(height));
        const bool inside = distance < 1;
        rgb.push_back(static_cast<uint8_t>(inside ? 235 : shade));
        rgb.push_back(static_cast<uint8_t>(inside ? 200 : shade + 20));
        rgb.push_back(static_cast<uint8_t>(inside ? 90 : shade + 40));
        const double edge = std::exp(-8 * (distance - 1) * (distance - 1)) * strength;
        const double side = dx >= 0 ? 1.0 : sign == RelevanceSign::kSigned ? -0.5 : 0.0;
        map.push_back(static_cast<float>(1e-3 * edge * side));
      }
    }
    clip.frames.push_back(std::move(rgb));
    clip.relevance.push_back(std::move(map));
  }
  return clip;
}

inline std::vector<float> all_relevance(const SampleClip& clip) {
  std::vector<float> all;
  for (const auto& map : clip.relevance) all.insert(all.end(), map.begin(), map.end());
  return all;
}

/// A sheet of the clip; borrows it.
inline FigureContents sheet_of(const SampleClip& clip, ColorMap colors, int64_t frame_interval = 2,
                               double fps = 25) {
  FigureContents sheet;
  sheet.title = "moving_disc.mp4";
  sheet.predictions = {
      {"moving right", 0.871}, {"moving left", 0.093}, {"still", 0.021}, {"up", 0.0102}, {"down", 0.00004}};
  sheet.target = "moving right";
  sheet.method = "epsilon_plus";
  sheet.colors = colors;
  sheet.scale = fit_scale(all_relevance(clip), sign_of(colors));
  sheet.share_of =
      sign_of(colors) == RelevanceSign::kSigned ? ShareOf::kAbsoluteRelevance : ShareOf::kRelevance;
  const size_t count = clip.frames.size();
  sheet.even_share = 1.0 / static_cast<double>(count);
  double total = 0;
  for (const auto& map : clip.relevance) {
    for (const float value : map) total += std::abs(value);
  }
  if (total == 0) total = 1;
  for (size_t t = 0; t < count; ++t) {
    double sum = 0;
    double negative = 0;
    for (const float value : clip.relevance[t]) {
      sum += std::abs(value);
      negative -= std::min(value, 0.0F);
    }
    const int64_t index = static_cast<int64_t>(t) * frame_interval;
    sheet.frames.push_back({.picture = {clip.width, clip.height, clip.frames[t]},
                            .relevance = {clip.width, clip.height, clip.relevance[t]},
                            .source_index = index,
                            .pts_seconds = static_cast<double>(index) / fps,
                            .share = sum / total,
                            .negative_share = negative / total,
                            .at_border = t < 2 || t + 2 >= count});
  }
  return sheet;
}

/// The film that belongs to the sheet: a curve over all source frames, of which the clip covers some.
inline OverlayContents film_of(const SampleClip& clip, const FigureContents& sheet, int64_t source_frames,
                               double fps = 25) {
  OverlayContents film;
  film.title = sheet.title;
  film.prediction = sheet.predictions.front();
  film.target = sheet.target;
  film.method = sheet.method;
  film.source_width = clip.width;
  film.source_height = clip.height;
  film.colors = sheet.colors;
  film.scale = sheet.scale;
  film.curve.resize(static_cast<size_t>(source_frames));
  for (size_t i = 0; i < film.curve.size(); ++i) film.curve[i].pts_seconds = static_cast<double>(i) / fps;
  film.share_of = sheet.share_of;
  film.even_share = sheet.even_share;
  for (const auto& frame : sheet.frames) {
    CurvePoint& point = film.curve.at(static_cast<size_t>(frame.source_index));
    point.share = frame.share;
    point.negative_share = frame.negative_share;
    point.at_border = frame.at_border;
  }
  return film;
}

}  // namespace relevid::testing
