// SPDX-License-Identifier: Apache-2.0
#include "api/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "api/appearance.h"
#include "api/covered.h"
#include "api/frame_pictures.h"
#include "api/maps.h"
#include "relevid/error.h"
#include "relevid/figures.h"

namespace relevid {
namespace {

constexpr int64_t kMaxFrames = 64;
constexpr int64_t kThumbnailWidth = 320;

/// The map on the source's pixels; NaN outside the crop, which the model did not see.
std::vector<float> on_source(const Tensor& map, const Geometry& g) {
  const Tensor shown = interpolate_to_source(map, g);
  std::vector<float> values(shown.values<float>().begin(), shown.values<float>().end());
  const double scale_y = static_cast<double>(g.source.height) / static_cast<double>(g.resized.height);
  const double scale_x = static_cast<double>(g.source.width) / static_cast<double>(g.resized.width);
  for (int64_t y = 0; y < g.source.height; ++y) {
    for (int64_t x = 0; x < g.source.width; ++x) {
      const double row = (static_cast<double>(y) + 0.5) / scale_y - static_cast<double>(g.crop_top);
      const double column = (static_cast<double>(x) + 0.5) / scale_x - static_cast<double>(g.crop_left);
      const bool seen = row >= 0 && row < static_cast<double>(g.model.height) && column >= 0 &&
                        column < static_cast<double>(g.model.width);
      if (!seen) values[static_cast<size_t>(y * g.source.width + x)] = std::nanf("");
    }
  }
  return values;
}

/// Frames and maps of one size; a sheet borrows them.
void take_video_pixels(SheetFigure& figure, const Explanation& e, const OutputOptions& options,
                       const CoveredRelevance& covered, const std::vector<size_t>& chosen) {
  const Geometry& g = *e.geometry;
  const int64_t width = std::min(kThumbnailWidth, g.source.width);
  const int64_t height = std::max<int64_t>(1, g.source.height * width / g.source.width);
  std::vector<int64_t> indices;
  for (const size_t i : chosen) indices.push_back(covered.frames[i].index);
  VideoReader reader(e.input, options.video);
  reader.read(indices, [&](Frame&& frame) {
    figure.pictures.push_back(resize_picture({frame.width, frame.height, frame.rgb}, width, height));
  });
  for (const size_t i : chosen) {
    const auto map = on_source(map_at(covered.maps, i), g);
    figure.maps.push_back(resize_map({g.source.width, g.source.height, map}, width, height));
  }
}

void take_number_pixels(SheetFigure& figure, const Explanation& e, const CoveredRelevance& covered,
                        const std::vector<size_t>& chosen) {
  const FramePictures pictures(e);
  for (const size_t i : chosen) {
    figure.pictures.push_back(pictures.at(0, static_cast<int64_t>(i)));
    const Tensor map = map_at(covered.maps, i);
    figure.maps.emplace_back(map.values<float>().begin(), map.values<float>().end());
  }
}

std::string note_of(const Explanation& e, size_t covered, size_t shown) {
  std::string note = fmt::format("{} clip{} of {} frames", e.plans.size(), e.plans.size() == 1 ? "" : "s",
                                 e.relevance.shape()[2]);
  if (!e.video && e.plans.size() > 1) note += ", averaged; pictures are of the first";
  if (shown < covered) note += fmt::format("; {} of {} frames shown, evenly spaced", shown, covered);
  if (e.video && e.plans.size() > 1)
    note += "; shares are of a clip's relevance, averaged where clips overlap";
  if (!e.video) note += "; given as numbers: the index stands for the frame and the time";
  return note;
}

/// Σ over clips, as parts of Σ of their starts; nothing for methods that keep no accounts, or that start from
/// nothing.
std::vector<SheetLayer> sheet_layers(const Explanation& e) {
  if (e.layers.empty() || e.layers.front().empty()) return {};
  double start = 0;
  for (const auto& clip : e.layers) start += clip.front().incoming;
  if (start == 0) return {};
  std::vector<SheetLayer> layers(e.layers.front().size());
  for (const auto& clip : e.layers) {
    SheetLayer lost;
    double on_its_way = clip.front().incoming / start;  // on any branch
    for (size_t i = 0; i < clip.size(); ++i) {
      on_its_way += (clip[i].outgoing - clip[i].incoming) / start;
      lost.absorbed_by_bias += clip[i].absorbed_by_bias / start;
      lost.absorbed_by_epsilon += clip[i].absorbed_by_epsilon / start;
      lost.dropped += clip[i].dropped / start;
      layers[i].goes_on += on_its_way;
      layers[i].absorbed_by_bias += lost.absorbed_by_bias;
      layers[i].absorbed_by_epsilon += lost.absorbed_by_epsilon;
      layers[i].dropped += lost.dropped;
    }
  }
  return layers;
}

/// What a sheet and an overlay video have in common.
template <class Contents>
void describe(Contents& contents, const Explanation& e, const OutputOptions& options) {
  const Appearance appearance = appearance_of(e, options);
  const int64_t clip_length = e.frame_share.shape()[1];
  contents.title = e.input.filename().string();
  contents.target = class_label(e.target, options.class_names);
  contents.method = e.method;
  contents.colors = appearance.colors;
  contents.scale = appearance.scale;
  contents.share_of = e.is_signed ? ShareOf::kAbsoluteRelevance : ShareOf::kRelevance;
  contents.even_share = 1.0 / static_cast<double>(clip_length);
  contents.border_frames = border_frames(clip_length);
}

SheetFrame sheet_frame(const Explanation& e, const FrameShares& shares, const Picture& picture,
                       std::span<const float> map) {
  SheetFrame frame;
  frame.picture = view(picture);
  frame.relevance = {picture.width, picture.height, map};
  frame.source_index = shares.index;
  frame.pts_seconds =
      e.video ? e.video->pts_seconds[static_cast<size_t>(shares.index)] : static_cast<double>(shares.index);
  frame.share = shares.share;
  frame.negative_share = shares.negative_share;
  frame.null_share = shares.null_share;
  frame.at_border = shares.at_border;
  return frame;
}

OverlayContents contents_of(const Explanation& e, const OutputOptions& options,
                            const CoveredRelevance& covered) {
  OverlayContents contents;
  describe(contents, e, options);
  const int64_t best = best_classes(e.class_probabilities, 1)[0];
  contents.prediction = {class_label(best, options.class_names),
                         e.class_probabilities[static_cast<size_t>(best)]};
  contents.source_width = e.geometry->source.width;
  contents.source_height = e.geometry->source.height;
  for (const double seconds : e.video->pts_seconds) contents.curve.push_back({.pts_seconds = seconds});
  for (const FrameShares& frame : covered.frames) {
    CurvePoint& point = contents.curve[static_cast<size_t>(frame.index)];
    point.share = frame.share;
    point.negative_share = frame.negative_share;
    point.null_share = frame.null_share;
    point.at_border = frame.at_border;
  }
  return contents;
}

/// Per frame of the video, which of the `taken` frames' maps it shows: the nearest one's where it lies
/// between two consecutive frames of a clip, else none.
std::vector<std::optional<size_t>> held_maps(std::span<const ClipPlan> plans,
                                             const std::vector<int64_t>& taken, int64_t frame_count) {
  std::vector<int64_t> reach(static_cast<size_t>(frame_count), -1);  // the end of the longest step from here
  for (const ClipPlan& plan : plans) {
    const auto& frames = plan.frame_indices;
    for (size_t t = 0; t < frames.size(); ++t) {
      int64_t& end = reach[static_cast<size_t>(frames[t])];
      end = std::max({end, frames[t], t + 1 < frames.size() ? frames[t + 1] : -1});
    }
  }
  std::vector<std::optional<size_t>> held(static_cast<size_t>(frame_count));
  size_t nearest = 0;
  int64_t inside_until = -1;
  for (int64_t i = 0; i < frame_count; ++i) {
    inside_until = std::max(inside_until, reach[static_cast<size_t>(i)]);
    while (nearest + 1 < taken.size() && std::abs(taken[nearest + 1] - i) < std::abs(taken[nearest] - i))
      ++nearest;
    if (i <= inside_until) held[static_cast<size_t>(i)] = nearest;
  }
  return held;
}

}  // namespace

SheetFigure sheet_figure(const Explanation& e, const OutputOptions& options) {
  const CoveredRelevance covered = cover(e, options);
  const auto chosen = evenly(covered.frames.size(), static_cast<size_t>(kMaxFrames));
  SheetFigure figure;
  if (e.video)
    take_video_pixels(figure, e, options, covered, chosen);
  else
    take_number_pixels(figure, e, covered, chosen);
  SheetContents& sheet = figure.contents;
  describe(sheet, e, options);
  for (const int64_t c : best_classes(e.class_probabilities, 5)) {
    sheet.predictions.push_back(
        {class_label(c, options.class_names), e.class_probabilities[static_cast<size_t>(c)]});
  }
  sheet.note = note_of(e, covered.frames.size(), chosen.size());
  sheet.repeated = repeated_frames_sentence(e);
  if (!sheet.repeated.empty()) sheet.repeated += " A frame's share and map are the mean of its copies'.";
  sheet.layers = sheet_layers(e);
  for (size_t k = 0; k < chosen.size(); ++k)
    sheet.frames.push_back(sheet_frame(e, covered.frames[chosen[k]], figure.pictures[k], figure.maps[k]));
  return figure;
}

void draw_sheet(const Explanation& e, const OutputOptions& options, const std::filesystem::path& path) {
  draw_explanation_sheet(path, sheet_figure(e, options).contents);
}

OverlayContents overlay_contents(const Explanation& e, const OutputOptions& options) {
  return contents_of(e, options, cover(e, options));
}

void draw_film(const Explanation& e, const OutputOptions& options, const std::filesystem::path& path,
               const RunControl& control) {
  const CoveredRelevance covered = cover(e, options);
  const VideoInfo& video = *e.video;
  const OverlayRenderer renderer(contents_of(e, options, covered));
  VideoWriterOptions writer_options;
  writer_options.fps = video.fps;
  writer_options.threads = options.video.threads;
  VideoWriter writer(path, renderer.width(), renderer.height(), writer_options);

  std::vector<int64_t> all(static_cast<size_t>(video.frame_count));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  const auto held = held_maps(e.plans, covered.maps.frame_indices, video.frame_count);
  std::optional<size_t> shown;
  std::vector<float> map;
  VideoReader reader(e.input, options.video);
  reader.read(all, [&](Frame&& frame) {
    if (control.interrupted()) throw Interrupted{};
    const std::optional<size_t> wanted = held[static_cast<size_t>(frame.index)];
    if (wanted != shown) {
      map = wanted ? on_source(map_at(covered.maps, *wanted), *e.geometry) : std::vector<float>{};
      shown = wanted;
    }
    const Picture picture = renderer.render(frame, map);
    writer.write(picture.rgb, video.pts_seconds[static_cast<size_t>(frame.index)] - video.pts_seconds[0]);
    if (control.report) control.report({"drawing frames", frame.index + 1, video.frame_count});
  });
  writer.finish();
}

}  // namespace relevid
